"""Words of an address that say what kind of place it is, and not which: strangers' addresses share them."""

_ROADS = (
    "street road avenue drive place court crescent circuit circle lane boulevard parade parkway terrace square close grove gardens "
    "mount heights route trail highway motorway freeway crossing junction corner loop walk path track alley arcade mews quay "
    "wharf esplanade promenade row rise ridge view vista views outlook lookout chase approach bend bridge cross gate gates glade "
    "green link mall pass plaza range ramp reach retreat strip turn wynd yard bypass causeway cove dale dell ring way rue "
    "strasse gasse platz allee straat laan plein chemin impasse calle avenida camino paseo strada piazza viale"
)
_DIRECTIONS = (
    "north south east west northern southern eastern western central upper lower great little inner outer old new via rear front "
    "off near next opposite corner behind the of"
)
_LANDSCAPES = (
    "hill hills mountain valley creek river lake lakes brook springs falls beach bay coast shore point head harbour harbor port "
    "island isle cape park parklands forest wood woods woodland woodlands field fields meadow meadows plains flat flats downs "
    "common ground grounds reserve orchard vineyard vineyards garden rock rocks sands marsh moor"
)
_SETTLEMENTS = (
    "village town township city centre center district county shire parish hamlet suburb estate estates farm farms station "
    "ranch homestead grange manor abbey castle hall"
)
_BUILDINGS = (
    "house home homes cottage cottages lodge villa villas hut cabin bungalow mansion residence residences building buildings block "
    "tower towers apartment apartments flat unit units suite level floor room site section shop shops store market church chapel "
    "cathedral school college university campus hospital clinic hotel motel hostel guesthouse inn tavern office offices barracks base "
    "airport depot mill mine works property nursing retirement aged care caravan trailer mobile holiday tourist resort complex "
    "court courts private postal mail delivery rural roadside post box locked"
)

_ROADS_ALONE = frozenset(_ROADS.split())
_KINDS = _ROADS_ALONE.union(*(words.split() for words in (_DIRECTIONS, _LANDSCAPES, _SETTLEMENTS, _BUILDINGS)))


def is_road(word: str) -> bool:
    """Tell whether a word, in lower-case Latin letters, is what roads are called after their names."""
    return word in _ROADS_ALONE


def is_kind_of_place(word: str) -> bool:
    """Tell whether a word, in lower-case Latin letters, says no more than what kind of place it is."""
    return word in _KINDS
