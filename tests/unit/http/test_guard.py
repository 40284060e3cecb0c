"""The guard against every spelling of an inner address that we know of. No socket is opened here."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.http.guard import AddressGuard, system_lookup, why_not_public
from hanse.kernel.errors import AddressRefused, Misconfigured, PeerUnreachable

PUBLIC = "93.184.215.14"
PUBLIC6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


class Names:
    """A name server in memory that counts its questions; a list of lists is answered one after the other."""

    def __init__(self, **table):
        self.table = {name.replace("_", "."): list(answers) for name, answers in table.items()}
        self.asked = []

    async def __call__(self, host, port):
        self.asked.append((host, port))
        answers = self.table.get(host)
        if answers is None:
            raise OSError("no such name")
        if answers and isinstance(answers[0], list):
            return answers.pop(0)
        return answers


def check(url, *answers, allow=()):
    names = Names()
    names.table = {host: list(answers) for host in ("peer.example", "localhost", "a.localhost", "inner.corp")}
    guard = AddressGuard(allow, lookup=names)
    return asyncio.run(guard.check(url))[1]


def test_a_public_host_over_https_needs_no_setting():
    assert check("https://peer.example/dsp", PUBLIC, PUBLIC6) == (PUBLIC, PUBLIC6)
    assert check(f"https://{PUBLIC}:8443/dsp") == (PUBLIC,)
    assert check(f"https://[{PUBLIC6}]/") == (PUBLIC6,)


INNER = [
    "127.0.0.1",
    "127.255.0.3",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "0.0.0.0",
    "0.1.2.3",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fd00::1",
    "fd00:ec2::254",
    "fc00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    f"::ffff:{PUBLIC}",
    "::ffff:0:127.0.0.1",
    "::127.0.0.1",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "2001:0:53aa:64c::1",
    "2001:db8::1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "2606:4700::5efe:10.0.0.1",
    "2606:4700::200:5efe:127.0.0.1",
    "3fff::1",
    "5f00::1",
    "100::1",
    "4000::1",
]


@pytest.mark.parametrize("address", INNER)
def test_an_inner_address_is_refused_by_name_and_by_number(address):
    with pytest.raises(AddressRefused):
        check("https://peer.example/", address)
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(AddressRefused):
        check(f"https://{host}/")


@pytest.mark.parametrize("address", INNER)
def test_one_inner_address_among_public_ones_is_enough(address):
    with pytest.raises(AddressRefused):
        check("https://peer.example/", PUBLIC, address)
    with pytest.raises(AddressRefused):
        check("https://peer.example/", *(f"93.184.215.{n}" for n in range(40)), address)


def test_nat64_of_a_public_address_is_public():
    assert why_not_public(ip_address("64:ff9b::5db8:d70e")) is None


ODD = [
    "https://0x7f.1/",
    "https://0x7f000001/",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://127.0.0.01/",
    "https://127.0.0.1./",
    "https://127.0.0.1.:80/",
    "https://localhost./",
    "https://peer.example./",
    "https://peer.example../",
    "https://1.2.3.4.5/",
    "https://256.1.1.1/",
    "https://a.0x/",
    "https://[::1%25lo]/",
    "https://[::1%lo]/",
    "https://[fe80::1%eth0]/",
    "https://[127.0.0.1]/",
    "https://[::1/",
    "https://::1/",
    "https://%31%32%37.0.0.1/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://peer..example/",
    "https://-peer.example/",
    "https://peer.example:0/",
    "https://peer.example:65536/",
    "https://peer.example:99999/",
    "https://peer.example:/",
    "https://peer.example:80:80/",
    "https://user@peer.example/",
    "https://user:pw@peer.example/",
    "https://@peer.example/",
    "https://peer.example@127.0.0.1/",
    "https://peer.example#@127.0.0.1/",
    "https://peer.example/#",
    "https://peer.example/#fragment",
    "https://peer.example\\@127.0.0.1/",
    "https://peer.example/\\..",
    "https://peer.example /",
    " https://peer.example/",
    "https://peer.example/\r\nHost: other",
    "https://peer.example/\n",
    "https://peer.example/a b",
    "https://peer.example/\x00",
    "https:///peer.example/",
    "https:/peer.example/",
    "https:peer.example",
    "//peer.example/",
    "peer.example",
    "ftp://peer.example/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_x",
    "unix://peer.example/",
    "javascript://peer.example/",
    "",
    "https://",
    "https://?",
    "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 127 + "example/",
    "https://peer.example/" + "a" * 2048,
]


@pytest.mark.parametrize("url", ODD)
def test_odd_spellings_are_refused_before_any_lookup(url):
    names = Names()
    guard = AddressGuard(["127.0.0.0/8", "localhost", "::1"], lookup=names)
    with pytest.raises(AddressRefused) as refused:
        asyncio.run(guard.check(url))
    assert names.asked == []
    assert refused.value.hint
    assert "pw" not in str(refused.value)


@pytest.mark.parametrize("url", ["HTTPS://Peer.Example/A", "https://peer.example:443/A", "https://peer.example?q=a@b"])
def test_harmless_spellings_lead_to_the_same_origin(url):
    names = Names(peer_example=[PUBLIC])
    guard = AddressGuard(lookup=names)
    target, found = asyncio.run(guard.check(url))
    assert (target.origin, found) == ("https://peer.example:443", (PUBLIC,))
    assert names.asked == [("peer.example", 443)]


def test_an_ipv6_address_is_known_by_its_plain_spelling():
    guard = AddressGuard(["[::1]:80"])
    target = guard.examine("HTTP://[0:0:0:0:0:0:0:1]?q=%2e")
    assert (target.host, target.url) == ("::1", "http://[::1]:80/?q=%2e")


def test_plain_http_is_for_listed_inner_hosts_only():
    for allow in ([], ["peer.example"], [PUBLIC], ["peer.example:80"]):
        with pytest.raises(AddressRefused, match="plain http"):
            check("http://peer.example/", PUBLIC, allow=allow)
    with pytest.raises(AddressRefused):
        check("http://inner.corp/", "10.1.2.3")
    assert check("http://inner.corp/", "10.1.2.3", allow=["inner.corp"]) == ("10.1.2.3",)
    assert check("http://inner.corp/", "10.1.2.3", allow=["10.1.2.0/24"]) == ("10.1.2.3",)
    with pytest.raises(AddressRefused):
        check("http://inner.corp/", "10.1.2.3", PUBLIC, allow=["inner.corp"])


def test_a_list_opens_what_it_names_and_nothing_beside_it():
    assert check("https://10.1.2.3/", allow=["10.1.2.0/24"]) == ("10.1.2.3",)
    assert check("http://127.0.0.1:8080/", allow=["127.0.0.1:8080"]) == ("127.0.0.1",)
    assert check("http://[::1]:8080/", allow=["[::1]:8080"]) == ("::1",)
    assert check("https://inner.corp:8443/", "fd12::1", allow=["Inner.Corp:8443"]) == ("fd12::1",)
    for url, allow in [
        ("https://10.1.3.3/", "10.1.2.0/24"),
        ("http://127.0.0.1:8081/", "127.0.0.1:8080"),
        ("http://127.0.0.2:8080/", "127.0.0.1:8080"),
        ("http://[::ffff:127.0.0.1]:8080/", "127.0.0.0/8"),
        ("http://[::1]/", "127.0.0.0/8"),
        ("https://inner.corp:8444/", "inner.corp:8443"),
        ("https://sub.inner.corp/", "inner.corp"),
        ("https://xinner.corp/", "inner.corp"),
    ]:
        with pytest.raises((AddressRefused, PeerUnreachable)):
            check(url, "10.9.9.9", allow=[allow])


def test_a_listed_name_may_lead_to_inner_hosts_but_not_to_metadata_or_oddities():
    for address in ("169.254.169.254", "169.254.1.1", "fd00:ec2::254", "100.100.100.200", "0.0.0.0", "224.0.0.1", "::ffff:10.0.0.1"):
        with pytest.raises(AddressRefused):
            check("https://inner.corp/", address, allow=["inner.corp"])


def test_metadata_needs_to_be_named_itself():
    with pytest.raises(AddressRefused):
        check("http://169.254.169.254/", allow=["169.254.0.0/16"])
    assert check("http://169.254.169.254/", allow=["169.254.169.254"]) == ("169.254.169.254",)


def test_localhost_is_this_machine_whatever_the_name_server_says():
    assert check("http://localhost:8400/", "127.0.0.1", "::1", allow=["localhost"]) == ("127.0.0.1", "::1")
    assert check("http://localhost:8400/", "127.0.0.1", "::1", allow=["127.0.0.0/8"]) == ("127.0.0.1",)
    for answers in ([PUBLIC], ["10.0.0.1"], ["127.0.0.1", "10.0.0.1"]):
        with pytest.raises(AddressRefused, match="leads away"):
            check("http://localhost:8400/", *answers, allow=["localhost"])
        with pytest.raises(AddressRefused, match="leads away"):
            check("https://a.localhost/", *answers, allow=["localhost"])
    with pytest.raises(AddressRefused):
        check("http://localhost:8400/", "127.0.0.1", "::1")
    assert asyncio.run(system_lookup("localhost", 80)) == ("127.0.0.1", "::1")


def test_the_refusal_says_what_would_allow_it():
    with pytest.raises(AddressRefused) as refused:
        check("https://inner.corp:8443/dsp?token=secret", "10.1.2.3")
    assert "private address" in refused.value.message
    assert "'inner.corp:8443'" in (refused.value.hint or "")
    assert "network.allow" in (refused.value.hint or "")
    assert "secret" not in str(refused.value)


def test_a_host_is_looked_up_once_and_the_first_answer_holds():
    names = Names(peer_example=[[PUBLIC], ["127.0.0.1"]])
    guard = AddressGuard(lookup=names)
    assert asyncio.run(guard.check("https://peer.example/"))[1] == (PUBLIC,)
    assert len(names.asked) == 1
    with pytest.raises(AddressRefused):  # the rebound answer is judged as any other
        asyncio.run(guard.check("https://peer.example/"))


def test_no_answer_is_unreachable_and_scoped_answers_are_refused():
    for answers in ([], None):
        names = Names()
        if answers is not None:
            names.table["peer.example"] = answers
        with pytest.raises(PeerUnreachable):
            asyncio.run(AddressGuard(lookup=names).check("https://peer.example/"))
    with pytest.raises(AddressRefused):
        check("https://peer.example/", "fe80::1%eth0")


def test_a_name_server_that_hangs_is_given_up():
    async def hang(host, port):
        await asyncio.sleep(60)
        return ()

    with pytest.raises(PeerUnreachable):
        asyncio.run(AddressGuard(lookup=hang, timeout=0.01).check("https://peer.example/"))


@pytest.mark.parametrize(
    "entry",
    ["", "0.0.0.0/0", "::/0", "*", "*.corp", "http://inner.corp", "10.1.2.3/24", "a b", "host:0", "host:70000", "host:x", "127.1", "[::1"],
)
def test_a_wrong_entry_stops_the_start(entry):
    with pytest.raises(Misconfigured) as wrong:
        AddressGuard([entry])
    assert wrong.value.where == "network.allow"


@given(number=st.integers(0, 2**32 - 1))
def test_whatever_is_let_through_is_global(number):
    address = ip_address(number)
    if why_not_public(address) is None:
        assert address.is_global
        assert not (address.is_private)
        assert not (address.is_multicast)
        assert not (address.is_reserved)
        assert not (address.is_loopback)


@given(st.text(max_size=60))
def test_no_text_gets_past_the_guard_to_an_inner_host(text):
    guard = AddressGuard(lookup=Names())
    for url in (text, f"https://{text}", f"http://{text}/"):
        try:
            target = guard.examine(url)
        except AddressRefused:
            continue
        assert target.scheme in ("http", "https")
        assert target.literal is None or why_not_public(target.literal) is None
