"""Short and pet forms of given names, by full form. Written for casebus; English first, then other languages.

A short form may stand for several full ones: two names agree if they have a full form in common.
"""

_TABLE = """
aaron ron ronnie ari; abigail abby abbie gail nabby; abraham abe bram abie; adelaide addie adela della heidi;
adeline addie adela; agnes aggie nessie inez; alan al allan allen; albert al bert bertie albie; alberto beto berto;
alexander alex al alec alek lex sandy xander sasha sascha shura aleks sander sanya olek;
alexandra alex sandra sandy lexi lexie sasha shura ali alexa ola; alexei alyosha lyosha aleksei alexey;
alfred al alf alfie fred freddie; alice allie ally elsie; alison ali allie ally; amanda mandy manda amy;
amelia amy millie emily mel; anastasia nastya asya stacy tasia stasia ana;
andrew andy drew andre andrzej andreas andrei andrey; andrei andriy andryusha andrey;
ann annie nan nancy nanny anna anne hannah; anna ann anne annie anya ania anka nan nancy annette;
annabelle anna belle ann annabel; antoinette toni tony nettie netta; anthony tony ant anton antoine antonio;
antonio tony toni tonio nino; antonia toni tonya; archibald archie; arnold arnie; arthur art artie;
augustus gus august augie; barbara barb barbie babs bobbie basia; barnabas barney barnaby;
bartholomew bart barty bartek; beatrice bea trixie bee; benedict ben ben benny;
benjamin ben benji bennie benny benjy; bernard bernie barney berney; bertha bertie birdie; beverly bev;
bogdan bohdan danya; bonita bonnie; bradley brad; brenda bren; brian bryan; bridget biddy bridie bridgette;
calvin cal; cameron cam; carlos carlito charlie; carol carrie caro; caroline carrie carol caro lina carolyn callie;
casper cass jasper; cassandra cass cassie sandra sandy;
catherine cathy kate katie kay kit kitty cat katherine kathryn kathleen catharine katy trina cate;
cecilia cissy celia cece sissy; charles charlie chuck chas chip chaz carl karl carlos;
charlotte lottie charlie lotte char lotta; chester chet; christian chris kit christopher;
christina chris chrissy tina kris kirsty krissy christine kristina;
christine chris chrissy tina christina kris christy; christopher chris kit topher kris christoph; clarence clare;
claudia claudie; clementine clem; clifford cliff; clinton clint; colin col nick; concepcion concha conchita;
constance connie; cornelius neil corny connie niels kees; curtis curt; cynthia cindy cyndi; cyril cy; dagmar dasha;
daniel dan danny daniil danilo; danielle dani danny ellie; daria dasha darya; david dave davey davy davie;
deborah deb debbie debby debra; delores lola dee; denise dee; dennis den denny; derrick derek rick ricky;
desmond des; diana di diane; dietrich dieter dirk; dmitri dima mitya dmitry dimitri dmitriy; dolores lola lolita;
dominic dom nick nicky; donald don donnie donny; donna dona; dorothea dora thea dot;
dorothy dot dottie dolly dora dolores; douglas doug; duncan dunc; ebenezer eben; edgar ed eddie; edith edie;
edmund ed eddie ned ted teddy; edward ed eddie ned ted teddy eduard eddy; edwin ed eddie ned win;
eleanor ellie nell nora nellie ella elle lenora nelly eleanora leonora; elijah eli lige;
elizabeth liz beth betty lizzie eliza liza lisa elsie bess bessie betsy libby ellie lilibet elspeth lisbeth elisabeth bette lise;
ella ellie; ellen nell nellie helen ellie; elliott eli; emanuel manny manuel; emily em emmy millie emmie;
emma em emmy; eric rick ricky erik; ernest ernie erny; esther essie hester; eugene gene zhenya evgeny yevgeny;
eugenia zhenya genie evgenia; eva evie eve ewa; evelyn evie ev eve lyn; ezekiel zeke; fatima fatma fatemeh;
ferdinand ferdie fred; fernando nando; florence flo flossie florrie; frances fran franny fanny frankie francie;
francis frank fran franky francois franz; francisco paco pancho cisco kiko frank; frantisek franta; franklin frank;
franz frank; frederick fred freddie freddy fritz rick friedrich frederic fredrick; gabriel gabe gabi;
gabriella gabby ella gabi brielle; genevieve gen jenny viv; geoffrey geoff jeff jeffrey;
george georgie geordie jorge georg georges; georgina georgie gina; gerald gerry jerry; geraldine gerry gerrie jerry;
gerard gerry gerhard; gertrude gertie trudy gert; gilbert gil bert; giovanni gianni nino vanni;
giuseppe beppe peppe pino; gregory greg gregg grigori grisha; grigori grisha; guadalupe lupe lupita;
guillermo memo guille; gwendolyn gwen wendy; hannah ann anna annie; hans johannes johan; harold hal harry harald;
harriet hattie harry; harrison harry; heinrich heinz henry heiner; helen nell nellie ellen lena helena elena;
helena lena hela helen; henrietta etta hettie hetty hattie henny; henry hank harry hal henri hen heinrich;
herbert herb bert bertie; hermann herman; hezekiah hez; horace harry; howard howie; hubert hugh bert hugo;
hugh hughie hugo; ibrahim ibro brahim; ignacio nacho; ignatius iggy; ilya ilia ilyusha elijah; ingrid inga;
irene rene irina; irina ira irene; irving irv; isaac ike zac; isabella bella izzy belle isabel izzie isa ella;
isabel bella izzy belle isa isabelle ishbel; isaiah izzy; ivan vanya john jan; jacob jake jay jakob jacobus;
jacqueline jackie jacqui jaclyn; jakub kuba; james jim jimmy jamie jem jas jimmie jay; jan janek jasiek john;
jane janie jenny jean janey; janet jan jean nettie; janice jan; jason jay jase; jean jeanie;
jeffrey jeff geoff jeffery; jennifer jen jenny jenni jenn; jeremiah jerry jem; jeremy jerry jem jez; jerome jerry;
jessica jess jessie; jesus chuy; joachim jochen achim; joan joanie jo; joanna jo joan joann joanne;
johannes hans jan johann hannes; john jack johnny jock jon johnnie ian sean ivan juan jean;
jonathan jon jonny nathan john johnny; jose pepe che joseph; josefa pepa; joseph joe joey jo josef jos yosef yusuf;
josephine jo josie josey fina jojo; joshua josh; joyce joy; juan juanito john; juanita nita; judith judy judi jude;
julia julie jules; julian jules; juliet julie jules juliette; jurgen jorg; justin jus; karol karolek;
katarzyna kasia kaska; katharina kathe kathi katja katharine katrin;
katherine kate kathy katie kay kit kitty kat katharine katy kathryn kathleen; kathleen kath kathy kate katie kay;
kathryn kath kathy kate katie kay; kenneth ken kenny; kimberly kim kimmy; konstantin kostya constantine costa;
krzysztof krzys; ksenia ksyusha xenia; lancelot lance; larisa lara; lauren laurie; laura laurie lori;
lawrence larry lars laurie laurence lorenz loren; leah lee; leonard len lenny leo lennie leon; leonardo leo nardo;
leopold leo; leroy lee roy; leslie les; lester les; lewis lew louis; lillian lily lil lilian; linda lindy lyn;
lorenzo renzo larry; lorraine lori; louis lou louie lewis luis ludwig; louise lou lulu louisa; lucas luke luca lukas;
lucille lucy lucie; lucia lucy; lucinda lucy cindy; ludwig lutz; luis lucho; lydia lyddie;
lyudmila lyuda mila luda ludmila; mackenzie mac mack; madeline maddie maddy lena madeleine;
magdalena magda lena maggie leni; malgorzata gosia malgosia margaret; malcolm mal; manuel manolo manny;
marcus marc mark marco;
margaret maggie meg peg peggy margie marge madge daisy greta rita margo maisie mags margot megan margarita;
margarita rita margo; margarethe grete gretchen greta; maria mary marie masha mia mari maja mariya;
marianne mary anne; marilyn mary lynn; marion mary; marjorie margie marge; mark marc marcus; marta marty martha;
martha marty mattie patty marta; martin marty; marvin marv;
mary molly polly mae may mamie maria marie mimi mitzi minnie moll; matilda tilly mattie maud tilda;
matthew matt matty matthias mat matteo mateo; maurice maury morris mo moritz; maximilian max; maxine max;
maxwell max; melanie mel; melissa mel missy lissa; melvin mel; mercedes merche;
michael mike mick mickey micky mikey mitch michel misha mikhail miguel; michelle shelly chelle mickey;
mikhail misha mischa; mildred millie; millicent millie; minerva minnie; miriam mimi mitzi; mitchell mitch;
mohammed mo mohamed muhammad mohammad mohamad muhammed mehmet hamada; montgomery monty; morris mo morrie;
mortimer mort; moses mo moe; nadezhda nadia nadya; nancy nan ann; natalia natasha nata natalya natalie;
natalie nat nattie talia; nathan nat nate; nathaniel nat nate nathan nathanael;
nicholas nick nicky nico klaus nicolas nikolas colin nikolaus; nicole nicky nikki nic; nikita nik;
nikolai kolya nick nikolay; norbert bert; norma normie; norman norm; olga olya olia; oliver ollie noll;
olivia liv livvy livia ollie; oscar ossie; oswald ozzie oz; pamela pam;
patricia pat patty tricia trish patsy tish pattie; patrick pat paddy patsy rick patty;
paul pablo paulie pavel pawel pasha; paula polly paulina; pauline polly paula; pavel pasha pavlik paul;
pedro perico peter; penelope penny; percival percy; peter pete pierre petr pedro pyotr petya;
philip phil pip phillip; phillip phil pip philip; philippa pip pippa; phyllis phyl; piotr piotrek;
priscilla cilla prissy; prudence pru; pyotr petya petr peter; rachel rae shelly rach; rafael rafa raf; ramon moncho;
randall randy; randolph randy; raphael raf rafe; raymond ray; rebecca becky becca reba becki;
reginald reg reggie rex; regina gina; reinhard reiner; renata rena;
richard dick rick ricky rich richie dickie ritchie; ricardo rico richie;
robert bob bobby rob robbie bert robin rab bobbie rupert roberto; roberta bobbie robbie bobby;
roberto beto robbie bob; roderick rod rick roddy; rodney rod; roger rodge; roland rollo roly;
ronald ron ronnie ronny; rosalind ros roz rosa; rosamund ros; rosario charo; rose rosie rosa;
rosemary rosie rose mary romy; roxanne roxy; rudolph rudy rolf rudi rudolf; russell russ rusty; ruth ruthie;
salvador chava sal; salvatore sal turi; samantha sam sammy; samuel sam sammy; sandra sandy; santiago santi diego;
sarah sally sadie sal sara; sebastian seb bastian basti; sergei seryozha sergey serge serhiy; sergio checo;
shannon shan; sharon shari sherry; sheila she; sidney sid syd sydney; sigmund sigi; simon si sim; solomon sol solly;
sophia sophie sofia sonya; sophie soph sophia; stanislav stas slava; stanislaw staszek stach stan; stanley stan;
stephanie steph steffi stephie stef stevie; stephen steve steven stevie steph stefan stephan;
steven steve stevie stephen; stuart stu stewart; susan sue susie suzy suzie sukey; susanna sue susie suzanne susan;
suzanne sue susie suzy susan zanna; svetlana sveta lana; sylvester sly; sylvia sylvie silvia; sylvie sylvia;
tabitha tabby; tamara tammy toma; tatiana tanya tania tatyana; teresa terry tess tessa theresa tere tracy;
terence terry terrence; thaddeus thad tad; theodora theo dora thea; theodore ted teddy theo;
theresa terry tess tessa tracy teresa tessie; thomas tom tommy thom tam tomas massey; tiffany tiff;
timothy tim timmy; tobias toby tobi; tomasz tomek; ursula uschi ulla; valentina valya val; valerie val;
vanessa nessa van; vasily vasya basil vasili; veronica ronnie roni vera vicky; victor vic vik viktor;
victoria vicky tori vic vikki vicki; viktoria vika; vincent vin vince vinnie vinny; violet vi;
virginia ginny ginger ginnie; vivian viv vivienne; vladimir volodya vova vlad wladimir volodymyr;
vladislav vlad slava; vyacheslav slava; wallace wally; walter walt wally wat; wanda wendy; wilfred wilf fred will;
wilhelm willi will willy; wilhelmina mina minnie billie willa;
william bill billy will willie willy liam wim guillermo guillaume; winifred winnie freddie win; winston win;
wojciech wojtek; woodrow woody; yekaterina katya ekaterina katia kate; yelena lena elena helen;
yevgeny zhenya evgeny evgeni eugene; yuri yura yury iurii; yusuf yousef youssef joseph;
zachary zach zack zac zachariah; zoe zoey
"""


def _full_forms() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for entry in _TABLE.split(";"):
        full, *short = entry.split()
        for name in short:
            found.setdefault(name, set()).add(full)
    return {name: frozenset(full) for name, full in found.items()}


FULL_FORMS = _full_forms()
"""The full names that a short form may stand for."""
