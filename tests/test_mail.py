from __future__ import annotations

import base64
import time
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.extracted import Extracted
from ingest.mail import read_eml
from rag.errors import DocumentError

BODY = "各位同事：\n\n年初以来，全省开展培训341期，培训组工干部8710人次。\n\n张三"


def mail(text: str = BODY, subject: str = "培训简报", sender: str = "张三 <zhang@example.org>") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, sender, "li@example.org"
    message["Date"] = format_datetime(datetime(2011, 4, 19, 23, 28, tzinfo=timezone(timedelta(hours=8))))
    message.set_content(text)
    return message


def read(folder: Path, data: bytes | EmailMessage) -> Extracted:
    path = folder / "a.eml"
    path.write_bytes(data.as_bytes() if isinstance(data, EmailMessage) else data)
    return read_eml(path)


def complaint(folder: Path, data: bytes | EmailMessage) -> str:
    with pytest.raises(DocumentError) as caught:
        read(folder, data)
    message = str(caught.value)
    assert message.startswith("a.eml")
    assert message.endswith(".")
    return message


def raw(headers: str, body: bytes = b"8710") -> bytes:
    return headers.replace("\n", "\r\n").encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def test_subject_sender_and_day_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, mail())
    assert (found.title, found.source, found.date, found.text) == ("培训简报", "张三", "2011-04-19", BODY)


def test_a_sender_without_a_name_is_the_address(tmp_path: Path) -> None:
    assert read(tmp_path, mail(sender="zhang@example.org")).source == "zhang@example.org"


@pytest.mark.parametrize("sender", ["张三", "张三 <zhang@example.org>"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_name_that_was_sent_as_it_is_is_read(tmp_path: Path, sender: str, encoding: str) -> None:
    data = f"From: {sender}\r\nSubject: 培训\r\n\r\n".encode(encoding) + "培训300人次。".encode()
    found = read(tmp_path, data)
    assert "张三" in found.source
    found.source.encode()
    within = b"From: a@example.org\r\nContent-Type: message/rfc822\r\n\r\n" + data
    assert "张三" in read(tmp_path, within).text


def test_of_two_versions_the_plain_one_is_taken(tmp_path: Path) -> None:
    message = mail()
    message.add_alternative(f"<p>{BODY}</p><p>HTML</p>", subtype="html")
    assert read(tmp_path, message).text == BODY


def test_of_two_versions_html_is_taken_where_the_plain_one_says_nothing(tmp_path: Path) -> None:
    message = mail("请用网页方式查看")
    message.add_alternative(f"<div>{BODY}<br><ul><li>哈尔滨120期</li></ul></div><script>x</script>" * 2, subtype="html")
    text = read(tmp_path, message).text
    assert "8710人次" in text
    assert "哈尔滨120期" in text
    assert "网页方式" not in text


def test_attachments_are_named_and_not_read(tmp_path: Path) -> None:
    message = mail()
    message.add_attachment("机密".encode(), maintype="text", subtype="plain", filename="名额表.txt")
    message.add_attachment(b"PK", maintype="application", subtype="zip", filename="../../etc/b.xlsx")
    assert read(tmp_path, message).text == f"{BODY}\n\n附件: 名额表.txt、b.xlsx"


def test_a_mail_of_attachments_alone_names_them(tmp_path: Path) -> None:
    message = mail("")
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename="a.pdf")
    assert read(tmp_path, message).text == "附件: a.pdf"


def test_pictures_in_the_text_are_no_attachments(tmp_path: Path) -> None:
    message = mail()
    message.add_related(b"x", maintype="image", subtype="png", cid="<logo>", filename="image001.png")
    assert "附件" not in read(tmp_path, message).text


def test_quoted_mails_stay_readable(tmp_path: Path) -> None:
    text = "同意。\n\n在 2011年4月18日，李四写道：\n> 培训341期。\n> > 请核对。"
    assert read(tmp_path, mail(text)).text == text
    message = mail()
    message.set_content(
        "<p>同意。</p><hr><b>发件人:</b> 李四<br><b>主题:</b> 简报<blockquote>培训341期。</blockquote>", subtype="html"
    )
    assert read(tmp_path, message).text == "同意。\n\n发件人: 李四\n主题: 简报\n\n培训341期。"


def test_a_mail_within_a_mail_is_read_under_its_own_headers(tmp_path: Path) -> None:
    message = mail("转发。")
    inner = mail("培训341期。", subject="四月简报", sender="李四 <li@example.org>")
    inner.add_attachment(b"x", maintype="application", subtype="pdf", filename="表.pdf")
    message.add_attachment(inner)
    assert read(tmp_path, message).text == (
        "转发。\n\n## 四月简报\n發件人: 李四\n日期: 2011-04-19\n收件人: li@example.org\n\n培训341期。\n\n附件: 表.pdf"
    )


@pytest.mark.parametrize("declared", ["gb2312", "big5", "us-ascii", "iso-8859-1", "utf-8", "x-unknown", ""])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("kind", ["plain", "html"])
def test_a_wrong_charset_gives_no_mojibake(tmp_path: Path, declared: str, encoding: str, kind: str) -> None:
    text = "年初以来，全省开展培训341期，培训组工干部8710人次。"
    charset = f"; charset={declared}" if declared else ""
    headers = f"From: a@b\nContent-Type: text/{kind}{charset}\nContent-Transfer-Encoding: "
    assert read(tmp_path, raw(headers + "8bit", text.encode(encoding))).text == text
    assert read(tmp_path, raw(headers + "base64", base64.encodebytes(text.encode(encoding)))).text == text


def test_headers_in_any_writing_are_decoded(tmp_path: Path) -> None:
    def title(value: bytes) -> str:
        return read(tmp_path, b"From: a@b\r\nSubject: " + value + b"\r\n\r\n8710").title

    whole = "培训简报第138期".encode("gb18030")
    words = b" ".join(b"=?gb2312?B?" + base64.b64encode(part) + b"?=" for part in (whole[:5], whole[5:]))
    assert title(words) == "培训简报第138期"  # cut within a character
    assert title(whole) == "培训简报第138期"
    assert title("培训简报".encode()) == "培训简报"
    assert title(b"=?utf-8?B?!!!?=") != ""
    assert title(b"=?utf-8?Q?=E5=9F=B9?= =?x-none?Q?=E5=9F=B9?=") == "培培"


def test_flowing_lines_are_put_together(tmp_path: Path) -> None:
    body = b"Growth was \r\n3.5%.\r\n> quoted \r\n> line\r\nEnd. \r\n-- \r\nLi"
    headers = "From: a@b\nContent-Type: text/plain; format=flowed"
    assert read(tmp_path, raw(headers, body)).text == "Growth was 3.5%.\n> quoted line\nEnd.\n--\nLi"
    fixed = read(tmp_path, raw("From: a@b", body)).text
    assert "Growth was\n3.5%." in fixed


@pytest.mark.parametrize(
    "headers",
    [
        "From: <\nSubject: a",
        "From: a@b\nDate: yesterday",
        "From: a@b\nDate: Tue, 99 Foo 20110 99:99:99 +9999",
        "From: a@b\nContent-Type: ;;;=",
        "From: a@b\nContent-Type: text/plain; charset*=utf-8'en",
        "From: a@b\nContent-Type: multipart/mixed",
        'From: a@b\nContent-Type: multipart/mixed; boundary=""',
        "From: a@b\nContent-Transfer-Encoding: x-none",
        "From: a@b\nContent-Disposition: inline; filename*0*=%%%",
        "From: =?utf-8?B?" + "A" * 5_000,
        "Subject: a\nSubject: b\nFrom: ,,,:;@@",
    ],
)
def test_broken_headers_do_not_stop_the_reading(tmp_path: Path, headers: str) -> None:
    found = read(tmp_path, raw(headers))
    assert found.text
    assert found.date == ""


def test_what_is_no_mail_or_is_empty_or_encrypted_is_refused(tmp_path: Path) -> None:
    assert "no mail" in complaint(tmp_path, b"just a text")
    assert "no mail" in complaint(tmp_path, b"")
    assert "no text" in complaint(tmp_path, raw("From: a@b", b""))
    assert "encrypted" in complaint(
        tmp_path, raw("From: a@b\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data")
    )
    with pytest.raises(DocumentError, match=r"^b\.eml cannot be read"):
        read_eml(tmp_path / "b.eml")


def test_a_thousand_parts_within_each_other_are_refused_at_once(tmp_path: Path) -> None:
    nested = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(10_000))
    began = time.monotonic()
    assert "parts" in complaint(tmp_path, b"From: a@b\n" + nested.encode())
    assert time.monotonic() - began < 10


def test_a_hundred_parts_within_each_other_are_read(tmp_path: Path) -> None:
    nested = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(150))
    assert read(tmp_path, b"From: a@b\n" + nested.encode() + b"\n8710").text == "8710"


def test_a_large_mail_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.mail.LARGEST_MAIL", 1_000_000)
    assert "larger than 1 MB" in complaint(tmp_path, raw("From: a@b", b"x" * 1_000_001))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"From: a@b",
                b"Subject: =?",
                b"Content-Type: text/html",
                b"Content-Type: multipart/alternative; boundary=x",
                b"--x",
                b"--x--",
                b"Content-Type: message/rfc822",
                b"Content-Disposition: attachment",
                b"",
                b"8710",
                b"\xff\xfe",
                b"=?big5?B?pA==?=",
                b"\0",
            ]
        ),
        max_size=20,
    )
)
def test_any_lines_are_a_mail_or_a_document_error(tmp_path: Path, parts: list[bytes]) -> None:
    try:
        assert read(tmp_path, b"\r\n".join(parts)).text
    except DocumentError:
        return
