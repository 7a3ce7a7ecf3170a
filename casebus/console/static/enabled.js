// First in the body: GOV.UK Frontend hides nothing behind scripts unless these classes are there.
document.body.classList.add("js-enabled", ...("noModule" in HTMLScriptElement.prototype ? ["govuk-frontend-supported"] : []));
