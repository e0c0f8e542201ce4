"""Apps, names, models: what tenants are made of. All of it is invented or public knowledge."""

import dataclasses
from typing import Optional

APPLE_SIGNATURE = "Software Signing, Apple Code Signing Certification Authority, Apple Root CA"


@dataclasses.dataclass(frozen=True)
class App:
    name: str
    bundle_id: Optional[str]
    developer: Optional[str]
    team: Optional[str]
    versions: tuple[tuple[str, str], ...]  # (marketing, build), oldest first
    path: Optional[str]
    obtained_from: str
    signature: Optional[str]
    category: Optional[str]
    category_id: int  # numeric app_id of /devices/{id}/apps


def signature_of(developer: str, team: str) -> str:
    return (f"Developer ID Application: {developer} ({team}), "
            "Developer ID Certification Authority, Apple Root CA")


def versions_from(major: int) -> tuple[tuple[str, str], ...]:
    return tuple((f"{major}.{minor}.{minor * 3 % 7}", f"{major}{minor:02}0{minor}")
                 for minor in (1, 2, 5))


def mac_app(number: int, name: str, bundle_id: Optional[str], developer: str,
            path: Optional[str] = None) -> App:
    team = f"T{number:03}{developer.upper().encode().hex().upper()[:6]}"
    return App(name, bundle_id, developer, team, versions_from(number % 40 + 1),
               path or f"/Applications/{name.strip()}.app", "Identified Developer",
               signature_of(developer, team), "public.app-category.productivity", 80000 + number)


def apple_app(number: int, name: str) -> App:
    stem = "".join(name.split())
    return App(name, f"com.apple.{stem}", None, None, versions_from(number % 15 + 1),
               f"/System/Applications/{name}.app", "Apple", APPLE_SIGNATURE,
               "public.app-category.utilities", 80000 + number)


def ios_app(number: int, name: str, bundle_id: str, developer: Optional[str]) -> App:
    return App(name, bundle_id, developer, None, versions_from(number % 30 + 2), None, "", None,
               None, 80000 + number)


APPLE_NAMES = (
    "Activity Monitor", "AirPort Utility", "App Store", "Automator", "Books", "Calculator",
    "Calendar", "Chess", "Console", "Contacts", "Dictionary", "Disk Utility", "FaceTime",
    "Font Book", "Home", "Mail", "Maps", "Messages", "Music", "Notes", "Photos", "Podcasts",
    "Preview", "Safari",
    "Stocks", "System Settings", "Terminal", "TextEdit", "Time Machine", "Voice Memos",
)

MAC_NAMES = (
    ("1Password", "com.1password.1password", "AgileBits Inc."),
    ("Figma", "com.figma.Desktop", "Figma, Inc."),
    ("Google Chrome", "com.google.Chrome", "Google LLC"),
    ("Firefox", "org.mozilla.firefox", "Mozilla Corporation"),
    ("Slack", "com.tinyspeck.slackmacgap", "Slack Technologies, Inc."),
    ("zoom.us", "us.zoom.xos", "Zoom Video Communications, Inc."),
    ("Visual Studio Code", "com.microsoft.VSCode", "Microsoft Corporation"),
    ("Microsoft Word", "com.microsoft.Word", "Microsoft Corporation"),
    ("Microsoft Excel", "com.microsoft.Excel", "Microsoft Corporation"),
    ("Docker", "com.docker.docker", "Docker Inc"),
    ("Notion", "notion.id", "Notion Labs, Incorporated"),
    ("iTerm", "com.googlecode.iterm2", "GEORGE NACHMAN"),
    ("Spotify", "com.spotify.client", "Spotify"),
    ("VLC", "org.videolan.vlc", "VideoLAN"),
    ("GIMP", "org.gimp.gimp-2.10", "GNOME Foundation"),
    ("Kandji Self Service", "io.kandji.self-service", "Kandji, Inc."),
)

IOS_NAMES = (
    ("Okta Verify", "com.okta.mobile", "Okta, Inc."),
    ("Slack", "com.tinyspeck.chatlyio", "Slack Technologies, Inc."),
    ("Zoom Workplace", "us.zoom.videomeetings", "Zoom Communications, Inc."),
    ("Microsoft Teams", "com.microsoft.skype.teams", None),
    ("Überweisung & Konten", "de.beispielbank.konten", None),
    ("微信", "com.tencent.xin", None),
)


def mac_catalogue(size: int) -> list[App]:
    """At least `size` Mac apps: Apple's, known ones, then numbered ones."""
    apps = [apple_app(i, name) for i, name in enumerate(APPLE_NAMES)]
    apps += [mac_app(100 + i, *row) for i, row in enumerate(MAC_NAMES)]
    apps += [mac_app(200 + i, f"Suite Tool {i:04}", f"com.example.suite.tool{i}",
                     f"Example Software {i % 40:02}")
             for i in range(max(0, size - len(apps)))]
    return apps


def ios_catalogue(size: int) -> list[App]:
    apps = [ios_app(10100 + i, *row) for i, row in enumerate(IOS_NAMES)]
    apps += [ios_app(10200 + i, f"Pocket Tool {i:04}", f"com.example.pocket.tool{i}", None)
             for i in range(max(0, size - len(apps)))]
    return apps


FIRST_NAMES = (
    "Rosa", "Björn", "Chloé", "Daiyu", "Emeka", "Fatima", "Giorgos", "Hana", "Ivan", "José",
    "Kaito", "Łucja", "Mehmet", "Nadia", "Olu", "Pilar", "Quentin", "Ravi", "Siobhán", "Thị",
)
LAST_NAMES = (
    "Diaz", "Åkesson", "Dubois", "Chen", "Okafor", "O’Neill", "Papadopoulos", "Satō", "Petrov",
    "Núñez", "Müller", "Wójcik", "Yılmaz", "Haddad", "Adeyemi", "García", "Smith", "Patel",
    "Murphy", "Nguyễn",
)

MODELS = {
    "Mac": (("MacBook Pro (14-inch, 2023)", "Mac14,9"),
            ("MacBook Air (M1, 2020)", "MacBookAir10,1"),
            ("Mac mini (2023)", "Mac14,3"), ("Virtual Machine", "VirtualMac2,1")),
    "iPhone": (("iPhone 15 Pro", "iPhone16,1"), ("iPhone 11 Pro Max", "iPhone12,5")),
    "iPad": (("iPad (8th generation) (Wi-Fi)", "iPad11,6"), ("iPad Pro (11-inch)", "iPad14,3")),
    "AppleTV": (("Apple TV 4K (2nd generation)", "AppleTV11,1"),),
    "Windows": (("Latitude 7440", "Latitude 7440"),),
    "HomePod": (("HomePod (2nd generation)", "AudioAccessory6,1"),),
}
SYSTEMS = {
    "Mac": (("15.5", "24F74"), ("14.4.1", "23E224"), ("13.6.7", "22G720")),
    "iPhone": (("18.5", "22F76"), ("15.6", "19G71")),
    "iPad": (("17.5.1", "21F90"), ("16.1.1", "20B101")),
    "AppleTV": (("16.0", "20J373"),),
    "Windows": (("10.0.22631", "22631.3593"),),
    "HomePod": (("18.5", "22L572"),),
}
BLUEPRINTS = ("Engineering", "All Staff", "Büro Köln", "_testing_ipados", "Executives")
TAGS = ("laptop", "emea", "accuhive_02", "vip")
