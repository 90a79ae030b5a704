"""What the support desk listens for and what it says, by language."""

from collections.abc import Mapping

Words = Mapping[str, Mapping[str, tuple[str, ...]]]

WORDS_V1: Words = {
    "en": {"refund": ("refund",), "shipping": ("shipping",), "total": ("total",), "tracking": ("track",)},
    "de": {
        "refund": ("erstattung", "geld zurück"),
        "shipping": ("versand",),
        "total": ("gesamt",),
        "tracking": ("sendung",),
    },
}

WORDS_V2: Words = {
    "en": {
        "refund": ("refund", "money back", "return"),
        "shipping": ("shipping", "postage", "deliver"),
        "total": ("total", "altogether"),
        "tracking": ("track", "parcel", "package"),
    },
    "de": {
        "refund": ("erstattung", "geld zurück"),
        "shipping": ("versand", "lieferung"),
        "total": ("gesamt",),
        "tracking": ("sendung", "paket"),
    },
    "fr": {
        "refund": ("rembours",),
        "shipping": ("livraison", "frais de port"),
        "total": ("total",),
        "tracking": ("colis", "suivre"),
    },
}

REPLIES = {
    "en": {
        "full": "You get the full price back: {amount:.2f} EUR.",
        "half": "You get half of the price back: {amount:.2f} EUR.",
        "late": "After 90 days there is no refund: {amount:.2f} EUR.",
        "free": "Shipping is free: {amount:.2f} EUR.",
        "paid": "Shipping costs {amount:.2f} EUR.",
        "express": "Express shipping costs {amount:.2f} EUR.",
        "total": "Your order comes to {amount:.2f} EUR.",
        "tracking": "Please use the tracking link in your confirmation e-mail.",
        "unknown": "Sorry, I did not understand. A colleague will write to you.",
    },
    "de": {
        "full": "Sie bekommen den vollen Preis zurück: {amount:.2f} EUR.",
        "half": "Sie bekommen den halben Preis zurück: {amount:.2f} EUR.",
        "late": "Nach 90 Tagen gibt es keine Erstattung: {amount:.2f} EUR.",
        "free": "Der Versand ist kostenlos: {amount:.2f} EUR.",
        "paid": "Der Versand kostet {amount:.2f} EUR.",
        "express": "Der Expressversand kostet {amount:.2f} EUR.",
        "total": "Ihre Bestellung kostet {amount:.2f} EUR.",
        "tracking": "Bitte nutzen Sie den Link zur Sendungsverfolgung in Ihrer Bestätigung.",
        "unknown": "Entschuldigung, das habe ich nicht verstanden. Jemand schreibt Ihnen.",
    },
    "fr": {
        "full": "Nous vous rendons le prix entier : {amount:.2f} EUR.",
        "half": "Nous vous rendons la moitié du prix : {amount:.2f} EUR.",
        "late": "Après 90 jours, il n'y a plus de remboursement : {amount:.2f} EUR.",
        "free": "La livraison est gratuite : {amount:.2f} EUR.",
        "paid": "La livraison coûte {amount:.2f} EUR.",
        "express": "La livraison express coûte {amount:.2f} EUR.",
        "total": "Votre commande coûte {amount:.2f} EUR.",
        "tracking": "Veuillez utiliser le lien de suivi dans votre e-mail de confirmation.",
        "unknown": "Désolé, je n'ai pas compris. Un collègue vous écrira.",
    },
}
