"""What is taken and what is refused: by content, whatever a file is called; and what a picture loses on the way in."""

import io
import time
import zipfile

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from core.care.documents import pictures, service
from core.care.documents.intake import clean_name
from tests.care.documents.conftest import OGG, PDF, WEBM, box, claimed_png, file, mp3, mp4, pdf, picture, received, wav

pytestmark = pytest.mark.usefixtures("inside")


def archive(name="a.txt", data=b"x"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(name, data)
    return out.getvalue()


def flood_jpeg():
    data = bytearray(picture())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = b"\xff\xff\xff\xff"
    return bytes(data)


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
BAD = {
    "nothing chosen": (b"", "", "photo", "Please choose a file"),
    "empty": (b"", "scan.pdf", "document", "is empty"),
    "web page called a photo": (b"<!doctype html><script>alert(1)</script>", "photo.jpg", "photo", "act by themselves"),
    "script behind a mark and spaces": (b"\xef\xbb\xbf \n<script>", "a.png", "photo", "act by themselves"),
    "drawing with a script": (SVG, "drawing.svg", "photo", "act by themselves"),
    "program called a document": (b"MZ\x90\0" + bytes(500), "report.pdf", "document", "act by themselves"),
    "archive bomb": (archive("zeros", bytes(20_000_000)), "all.pdf", "document", "Archives"),
    "archive in an archive": (archive("b.zip", archive("zeros", bytes(9_000_000))), "a.zip", "document", "Archives"),
    "document of a word processor": (archive("word/vbaProject.bin"), "letter.docx", "document", "save the document as PDF"),
    "old document of a word processor": (b"\xd0\xcf\x11\xe0" + bytes(500), "letter.doc", "document", "Archives"),
    "compressed bomb": (b"\x1f\x8b\x08" + bytes(500), "a.pdf", "document", "Archives"),
    "photo of a phone": (box(b"ftyp", b"heic", bytes(4), b"mif1heic") + bytes(99), "IMG_1.jpg", "photo", "as JPEG"),
    "video": (mp4(b"vide", brand=b"isom"), "voice.m4a", "audio", "is a video"),
    "video of a browser": (WEBM.replace(b"A_OPUS", b"V_VP8\0"), "voice.webm", "audio", "is a video"),
    "video as Ogg": (OGG.replace(b"OpusHead", b"\x80theora\0"), "voice.ogg", "audio", "is a video"),
    "picture as a recording": (picture(), "voice.mp3", "audio", "of another kind"),
    "recording as a photo": (wav(), "photo.jpg", "photo", "of another kind"),
    "PDF as a photo": (PDF, "photo.jpg", "photo", "of another kind"),
    "photo as a prescription": (picture(), "prescription.pdf", "prescription", "of another kind"),
    "two bytes of an MP3": (b"\xff\xfb\x90\x00" + b"not one more frame" * 50, "a.mp3", "audio", "of another kind"),
    "MP4 that goes on after its end": (mp4() + b"PK\x03\x04 and more", "a.m4a", "audio", "of another kind"),
    "MP4 whose boxes never end": (box(b"ftyp", b"M4A ") + b"\0\0\0\0moov", "a.m4a", "audio", "of another kind"),
    "WAV without sound": (b"RIFF\x04\0\0\0WAVE", "a.wav", "audio", "of another kind"),
    "Matroska": (WEBM.replace(b"\x84webm", b"\x84matr"), "a.webm", "audio", "of another kind"),
    "PDF cut short": (PDF[:-8], "a.pdf", "document", "damaged"),
    "PDF with something before it": (b"GIF89a" + PDF, "a.pdf", "document", "damaged"),
    "photo cut short": (picture(size=(400, 300))[:-900], "a.jpg", "photo", "is damaged"),
    "head of a photo": (b"\xff\xd8\xff\xe0", "a.jpg", "photo", "is damaged"),
    "picture cut short": (picture("PNG", (300, 300))[:60], "a.png", "photo", "is damaged"),
    "photo without any dot": (claimed_png(0, 5), "a.png", "photo", "is damaged"),
    "photo of a thousand layers": (picture().replace(b"\xff\xda", b"\xff\xda" * 99, 1), "a.jpg", "photo", "is damaged"),
    "pixel flood, PNG": (claimed_png(60_000, 60_000), "a.png", "photo", "60000 × 60000"),
    "pixel flood, PNG, one line": (claimed_png(2_000_000_000, 1), "a.png", "photo", "2000000000 × 1"),
    "pixel flood, JPEG": (flood_jpeg(), "a.jpg", "photo", "65535 × 65535"),
    "plain text": (b"X5O!P%@AP", "eicar.com", "document", "of another kind"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "name", "kind", "words"), BAD.values(), ids=BAD)
def test_bad_files_are_refused_in_words(data, name, kind, words):
    began = time.process_time()
    upload, wrong = service.receive(file(data, name, "image/jpeg"), kind=kind)
    assert upload is None
    assert words in str(wrong)
    assert time.process_time() - began < 2, "nothing large was unpacked"


def test_no_field_at_all_and_an_unknown_kind():
    assert "Please choose" in str(service.receive(None, kind="audio")[1])
    with pytest.raises(ValueError, match="no such kind"):
        service.receive(file(PDF), kind="virus")


def test_the_limit_is_exact_and_each_kind_may_have_its_own(portals, portal_scans_by):
    most = 10 * 1024**2
    assert received(PDF[:-6] + b" " * (most - len(PDF)) + PDF[-6:]).mimetype == "application/pdf"
    upload, wrong = service.receive(file(PDF[:-6] + b" " * (most - len(PDF) + 1) + PDF[-6:], "a.pdf"), kind="document")
    assert upload is None
    assert "larger than 10 MB" in str(wrong)
    upload, wrong = service.receive(file(wav(sound=bytes(most)), "a.wav"), kind="audio")
    assert upload is None
    assert "make a shorter one" in str(wrong)


def test_a_portal_sets_the_limit_of_a_kind(inside, monkeypatch):
    monkeypatch.setitem(inside.config["care"]["upload_max_mb_by_kind"], "audio", 1)
    assert service.most_megabytes("audio") == 1
    assert service.most_megabytes("photo") == 10
    assert service.receive(file(wav(sound=bytes(1_100_000)), "a.wav"), kind="audio")[0] is None


GOOD = {
    "application/pdf": (PDF, "document"), "image/jpeg": (picture(), "photo"), "image/png": (picture("PNG"), "photo"),
    "audio/webm": (WEBM, "audio"), "audio/ogg": (OGG, "audio"), "audio/mp4": (mp4(), "audio"), "audio/wav": (wav(), "audio"),
    "audio/mpeg": (mp3(), "audio"),
}  # fmt: skip


@pytest.mark.parametrize(("mimetype", "data", "kind"), [(m, *g) for m, g in GOOD.items()], ids=GOOD)
def test_what_is_taken_is_told_by_content(mimetype, data, kind):
    assert received(data, kind, "invoice.exe").mimetype == mimetype


def located(kind="JPEG"):
    """A photo that lies on its side, with the place where it was taken, a comment, a thumbnail and a colour profile."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x9286] = 6, "Phone of Anna", "canary remark"
    exif.get_ifd(0x8825).update({1: "N", 2: (49.0, 6.0, 22.0), 3: "E", 4: (6.0, 10.0, 34.0)})
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    more = {"exif": exif, "icc_profile": profile}
    if kind == "PNG":
        words = PngImagePlugin.PngInfo()
        words.add_text("Comment", "canary of the author")
        words.add_itxt("XML:com.adobe.xmp", "<x>canary GPSLatitude</x>")
        return picture(kind, pnginfo=words, **more), profile
    return picture(kind, comment=b"canary of the author", xmp=b"<x>canary GPSLatitude</x>", quality=95, **more), profile


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_place_of_a_photo_and_all_that_hangs_on_it_stay_behind(kind):
    data, profile = located(kind)
    assert b"canary" in data
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(0x8825)
    upload = received(data + b"PK\x03\x04 canary behind the picture", "photo", "beach.jpg")
    for trace in (b"canary", b"Exif", b"eXIf", b"GPS", b"Phone of Anna", b"PK\x03\x04"):
        assert trace not in upload.data
    with Image.open(io.BytesIO(upload.data)) as seen:
        assert seen.format == kind
        assert not seen.getexif()
        assert seen.info["icc_profile"] == profile, "the colours stay right"
        assert seen.size == (20, 40), "it stands upright"
        red, _green, blue = seen.convert("RGB").getpixel((10, 5))
        assert red > 180 > 60 > blue


def test_pictures_with_few_colours_transparency_or_ink_are_drawn():
    out = io.BytesIO()
    Image.new("P", (9, 9)).save(out, "PNG", transparency=0)
    with Image.open(io.BytesIO(received(out.getvalue(), "photo").data)) as seen:
        assert seen.info["transparency"] == 0
    for mode in ("L", "CMYK"):
        out = io.BytesIO()
        Image.new(mode, (9, 9)).save(out, "JPEG")
        with Image.open(io.BytesIO(received(out.getvalue(), "photo").data)) as seen:
            assert seen.mode == ("L" if mode == "L" else "RGB")


def test_the_header_is_found_behind_other_segments_and_not_in_what_has_none():
    assert pictures.size_of("image/jpeg", picture(size=(321, 123), progressive=True, comment=b"x" * 60_000)) == (
        321,
        123,
    )
    assert pictures.size_of("image/jpeg", b"\xff\xd8" + b"\xff" * 5000) is None
    assert pictures.size_of("image/png", b"\x89PNG") is None


@pytest.mark.parametrize(
    "data", [wav(b"canary 49.1 N 6.2 E "), mp3(b"canary 49.1 N 6.2 E"), mp4(told=b"canary +49.1+006.2/")]
)
def test_recordings_lose_their_tags_and_keep_their_sound(data):
    upload = received(data, "audio", "voice.m4a")
    assert b"canary" in data
    assert b"canary" not in upload.data
    if upload.mimetype == "audio/mp4":
        assert len(upload.data) == len(data), "tables that count bytes stay right"
        assert b"the sound itself" in upload.data
    assert received(upload.data, "audio", "again").data == upload.data


def test_a_document_that_is_a_web_page_too_stays_a_document():
    both = pdf(b"<html><script>alert(document.domain)</script></html>")
    assert received(both, "document", "both.html").mimetype == "application/pdf"


NAMES = {
    "Überweisung d’Anna.pdf": "Überweisung d’Anna.pdf",
    "../../etc/passwd": "passwd.pdf",
    "C:\\Users\\Anna\\scan.PDF": "scan.pdf",
    "invoice.pdf.exe": "invoice.pdf.pdf",
    "annexe\u202efdp.exe": "annexefdp.pdf",
    "a\r\nSet-Cookie: x=1.pdf": "a Set-Cookie x=1.pdf",
    'quote".pdf': "quote.pdf",
    "": "file.pdf",
    ".pdf": "file.pdf",
    "Bericht vom 3. Mai 2026": "Bericht vom 3. Mai 2026.pdf",
    "x" * 300 + ".pdf": "x" * 100 + ".pdf",
}


@pytest.mark.parametrize(("given", "kept"), NAMES.items())
def test_names_are_one_line_without_folders_that_end_as_the_content_says(given, kept):
    assert clean_name(given, "application/pdf") == kept
