"""Who lives in the demo: invented names, real towns. The order matters: it makes the data the same each time."""

from __future__ import annotations

from dataclasses import dataclass

FIRST = {
    "female": ["Camille", "Anne", "Sophie", "Léa", "Nathalie", "Élise", "Julie", "Margaux", "Hélène", "Inès", "Claire", "Manon",
               "Aurélie", "Noémie", "Pauline", "Charlotte", "Émilie", "Louise", "Sandrine", "Agathe"],
    "male": ["Thomas", "Julien", "Marc", "Luc", "Paul", "Antoine", "Hugo", "Mathieu", "Nicolas", "Étienne", "Olivier", "Pierre",
             "Rémi", "Alexandre", "Gilles", "Bastien", "Vincent", "Raphaël", "Denis", "Guillaume"],
}  # fmt: skip
LAST = [
    "Marchal", "Weiss", "Thill", "Kremer", "Collin", "Gérardin", "Muller", "Becker", "Lorrain", "Humbert", "Noël", "Schmitt", "Claudel",
    "Wagner", "Antoine", "Hoffmann", "Perrin", "Klein", "Mangin", "Weber", "Didier", "Reuter", "Jacquot", "Faber", "Husson", "Meyer",
    "Thomassin", "Welter", "Vautrin", "Scholtes", "Lallement", "Adam", "Barthélemy", "Ries", "Colson", "Pierson", "Kieffer", "Grandjean",
    "Steffen", "Poirot", "Mathis", "Zimmer", "Aubry", "Hansen", "Rouyer", "Diederich", "Chevrier", "Lambert", "Simon", "Toussaint",
]  # fmt: skip
STREETS = [
    "rue des Tanneurs", "rue du Moulin", "avenue de la Gare", "place du Marché", "rue des Jardins", "rue Saint-Nicolas",
    "boulevard de la Liberté", "rue de l’École", "quai des Peupliers", "rue du Château", "rue des Vignes", "allée des Tilleuls",
]  # fmt: skip
TOWNS = {
    "FR": [("57000", "Metz"), ("57100", "Thionville"), ("54400", "Longwy"), ("57600", "Forbach"), ("54000", "Nancy"), ("57970", "Yutz"),
           ("57200", "Sarreguemines"), ("54150", "Briey"), ("67000", "Strasbourg"), ("57570", "Cattenom")],
    "LU": [("4002", "Esch-sur-Alzette"), ("1212", "Luxembourg"), ("3401", "Dudelange"), ("9201", "Diekirch"), ("8008", "Strassen")],
}  # fmt: skip
ZONES = {"FR": "Europe/Paris", "LU": "Europe/Luxembourg"}


@dataclass(frozen=True, slots=True)
class Pro:
    """A professional of the demo, known by `key` on every portal where they work."""

    key: str
    country: str
    specialty: str
    portals: tuple[str, ...]


_BOTH, _FIRST, _SECOND = ("frontalia", "rdv-confiance"), ("frontalia",), ("rdv-confiance",)
PROFESSIONALS = (
    Pro("fr1", "FR", "general_practice", _BOTH), Pro("fr2", "FR", "cardiology", _BOTH), Pro("fr3", "FR", "midwife", _BOTH),
    Pro("fr4", "FR", "general_practice", _FIRST), Pro("fr5", "FR", "general_practice", _FIRST), Pro("fr6", "FR", "dermatology", _FIRST),
    Pro("fr7", "FR", "gynaecology", _FIRST), Pro("fr8", "FR", "paediatrics", _FIRST), Pro("fr9", "FR", "ophthalmology", _FIRST),
    Pro("fr10", "FR", "psychiatry", _FIRST), Pro("fr11", "FR", "rheumatology", _FIRST), Pro("fr12", "FR", "endocrinology", _FIRST),
    Pro("fr13", "FR", "gastroenterology", _FIRST), Pro("fr14", "FR", "neurology", _FIRST), Pro("fr15", "FR", "pneumology", _FIRST),
    Pro("fr16", "FR", "ear_nose_throat", _FIRST), Pro("fr17", "FR", "allergology", _FIRST), Pro("fr18", "FR", "general_practice", _FIRST),
    Pro("fr19", "FR", "nurse", _FIRST), Pro("fr20", "FR", "physiotherapist", _FIRST), Pro("fr21", "FR", "dietitian", _FIRST),
    Pro("fr22", "FR", "speech_therapist", _FIRST), Pro("fr23", "FR", "podiatrist", _FIRST), Pro("fr24", "FR", "dentist", _FIRST),
    Pro("fr25", "FR", "general_practice", _SECOND), Pro("fr26", "FR", "dermatology", _SECOND), Pro("fr27", "FR", "paediatrics", _SECOND),
    Pro("fr28", "FR", "ophthalmology", _SECOND), Pro("fr29", "FR", "physiotherapist", _SECOND), Pro("fr30", "FR", "dentist", _SECOND),
    Pro("lu1", "LU", "general_practice", _FIRST), Pro("lu2", "LU", "general_practice", _FIRST), Pro("lu3", "LU", "cardiology", _FIRST),
    Pro("lu4", "LU", "dermatology", _FIRST), Pro("lu5", "LU", "paediatrics", _FIRST), Pro("lu6", "LU", "gynaecology", _FIRST),
    Pro("lu7", "LU", "psychiatry", _FIRST), Pro("lu8", "LU", "nurse", _FIRST), Pro("lu9", "LU", "physiotherapist", _FIRST),
    Pro("lu10", "LU", "speech_therapist", _FIRST),
)  # fmt: skip
# Declared and not validated yet: work for the operator.
WAITING = (Pro("fr31", "FR", "rheumatology", _FIRST), Pro("lu11", "LU", "midwife", _FIRST))


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient with a login of their own in the list."""

    portal: str
    first_name: str
    last_name: str
    sex: str
    born: str
    category: str
    residence: str
    workplace: str = ""
    statuses: tuple[str, ...] = ()
    child: str = ""
    note: str = ""


PATIENTS = (
    Patient("frontalia", "Camille", "Roussel", "female", "1984-03-12", "fr_resident", "FR", "FR", ("ald",), "Tom",
            "insured in France, long-term condition, a child of eight"),
    Patient("frontalia", "Julien", "Wendel", "male", "1979-09-02", "fr_cross_border", "FR", "LU", note="lives in France, works in Luxembourg"),
    Patient("frontalia", "Marie", "Schmit", "female", "1991-06-25", "lu_resident", "LU", "LU", note="insured in Luxembourg"),
    Patient("frontalia", "Thomas", "Delvaux", "male", "1988-01-30", "be_resident", "BE", "BE", note="resident in Belgium"),
    Patient("frontalia", "Sofia", "Berger", "female", "1995-11-08", "other", "DE", "DE", note="lives in Germany"),
    Patient("frontalia", "Nora", "Petit", "female", "2001-04-17", "", "", note="has not said yet where she lives"),
    Patient("rdv-confiance", "Lucie", "Fontaine", "female", "1986-07-19", "fr_resident", "FR", "FR", child="Zoé",
            note="insured in France, a child of eight"),
    Patient("rdv-confiance", "David", "Keller", "male", "1972-12-05", "lu_resident", "LU", "LU", note="insured in Luxembourg"),
)  # fmt: skip
CROWD = {"frontalia": 70, "rdv-confiance": 30}
REASONS = {
    "in_person": ["Consultation", "Première consultation", "Suivi"],
    "video_consultation": ["Conseil par vidéo"],
    "teleconsultation": ["Téléconsultation"],
}
PRESENTATIONS = {
    "fr": "Je reçois sur rendez-vous, au cabinet et pour certaines demandes par vidéo. Merci d’apporter vos derniers résultats.",
    "en": "I receive by appointment, at the practice and for some requests by video. Please bring your latest results.",
    "de": "Ich empfange nach Vereinbarung in der Praxis, bei manchen Anliegen auch per Video. Bitte bringen Sie Ihre letzten Befunde mit.",
}
