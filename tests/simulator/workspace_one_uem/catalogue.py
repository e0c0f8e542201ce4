"""Apps, names, models: what tenants are made of. All of it is invented or public knowledge."""

import dataclasses
from typing import NamedTuple, Optional

APPLE, ANDROID, MAC, WINDOWS, APPLE_TV, CHROME_OS = 2, 5, 10, 12, 14, 99


class Platform(NamedTuple):
    number: int
    name: str
    models: tuple[str, ...]
    systems: tuple[tuple[str, str], ...]  # (OperatingSystem, OSBuildVersion)


PLATFORMS = {
    APPLE: Platform(APPLE, "Apple", ("iPhone 15 Pro", "iPhone 11", "iPad Pro (11-inch)"),
                    (("18.5.0", "22F76"), ("17.5.1", "21F90"))),
    ANDROID: Platform(ANDROID, "Android", ("samsung SM-G991B", "Google Pixel 8"),
                      (("10.0.0", ""), ("14.0.0", "UP1A.231005.007"))),
    MAC: Platform(MAC, "AppleOsX", ('MacBook Pro "M3" 14"', "iMac (24-inch)", "Mac mini"),
                  (("15.5.0", "24F74"), ("14.4.1", "23E224"))),
    WINDOWS: Platform(WINDOWS, "WinRT", ("Latitude 7440", "Surface Laptop 5"),
                      (("10.0.22631", ""), ("10.0.19045", "19045.4412"))),
    APPLE_TV: Platform(APPLE_TV, "AppleTv", ("Apple TV 4K",), (("16.0.0", "20J373"),)),
    # A number that the fact sheet's list does not have.
    CHROME_OS: Platform(CHROME_OS, "ChromeOS", ("Chromebook 314",), (("124.0.6367", ""),)),
}
SERIES = (MAC, APPLE, WINDOWS, ANDROID, APPLE, MAC, WINDOWS, ANDROID)  # what devices are, in turn


@dataclasses.dataclass(frozen=True)
class App:
    name: str
    identifier: Optional[str]
    versions: tuple[str, ...]
    kind: str  # System, Internal, Public


def app(name: str, identifier: Optional[str], major: int, kind: str = "Public") -> App:
    return App(name, identifier, (f"{major}.0.1", f"{major}.2.0", f"{major}.10"), kind)


KNOWN = {
    APPLE: (("Slack", "com.tinyspeck.chatlyio"), ("Okta Verify", "com.okta.mobile"),
            ("Boxer", "com.air-watch.boxer"), ("Überweisung & Konten", "de.beispielbank.konten")),
    ANDROID: (("Slack", "com.Slack"), ("Intelligent Hub", "com.airwatch.androidagent"),
              ("微信", "com.tencent.mm")),
    MAC: (("Slack", "com.tinyspeck.slackmacgap"), ("Safari", "com.apple.Safari"),
          ("Firefox", "org.mozilla.firefox"), ("O’Reilly Reader", "com.example.reader")),
    WINDOWS: (("7-Zip 23.01 (x64)", "{23170F69-40C1-2702-2301-000001000000}"),
              ("Slack", "Slack.Slack"), ("Microsoft Edge", "Microsoft.Edge")),
}


def apps_of(platform: int, size: int) -> list[App]:
    """At least `size` apps of the platform: known ones, then numbered ones."""
    known = [app(name, identifier, 3 + i) for i, (name, identifier) in
             enumerate(KNOWN.get(platform, ()))]
    if not known:
        return []
    return known + [app(f"Suite Tool {i:03}", f"com.example.p{platform}.tool{i}", i % 30 + 1,
                        ("Internal", "Public", "System")[i % 3])
                    for i in range(max(0, size - len(known)))]


FIRST_NAMES = ("Asha", "Björn", "Chloé", "Daiyu", "Emeka", "Fatima", "Giorgos", "Hana", "José",
               "Łucja", "Mehmet", "Nadia", "Olu", "Siobhán", "Thị")
LAST_NAMES = ("Example", "Åkesson", "Dubois", "Chen", "Okafor", "O’Neill", "Papadopoulos", "Satō",
              "Müller", "Wójcik", "Yılmaz", "Haddad", "Smith")
