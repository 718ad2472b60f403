"""Agendas: hours, exceptions, absences, free slots, holds, appointments. A practitioner's time is one, across portals."""
