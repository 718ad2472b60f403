"""For plugins that make papers: the blocks of a paper, the portal's brand, PDF bytes in memory."""

from __future__ import annotations

from core import i18n
from core.care.papers.blocks import Facts, Gap, Heading, Notice, Paper, Paragraph, Points
from core.care.papers.brand import brand_of
from core.messages import Message
from core.tenancy.current import current_tenant

__all__ = ["Facts", "Gap", "Heading", "Notice", "Paper", "Paragraph", "Points", "brand_of", "said", "to_pdf"]


def said(message: Message, language: str) -> str:
    """A message in a language, in the portal's own words where it has them."""
    return i18n.render(message, language, current_tenant().words(language))


def to_pdf(paper: Paper) -> bytes:
    """The paper as PDF bytes; what it holds is stored nowhere."""
    from core.care.papers import pdf

    return pdf.render(paper)
