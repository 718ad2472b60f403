"""Rooms of video consultations: two people, a limit, never a recording."""
