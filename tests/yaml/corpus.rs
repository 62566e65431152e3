//! The generated corpus: every class of YAML 1.1 scalar in every style and place. Owns nothing but texts; the same at
//! every run.

use crate::structures;

/// Plain scalars, by class of the YAML 1.1 type repository and what Go makes of each.
const SCALARS: &[&str] = &[
    // Booleans in every case.
    "y", "Y", "n", "N", "yes", "Yes", "YES", "yEs", "no", "No", "NO", "nO", "on", "On", "ON", "oN", "off", "Off",
    "OFF", "oFf", "true", "True", "TRUE", "tRUE", "false", "False", "FALSE", "fALSE", "t", "f",
    // Nulls.
    "~", "null", "Null", "NULL", "nuLL", "nil", "none", "~x", "null2",
    // Integers in every base, with signs and underscores.
    "0", "-0", "+0", "00", "1", "-1", "+1", "12", "0644", "-0644", "+0644", "0777", "08", "09", "0o17", "0O17",
    "-0o17", "0o8", "0x1F", "0X1f", "-0x1f", "+0x1f", "0x", "0xg", "0b11", "0B11", "-0b11", "+0b11", "0b", "0b2",
    "1_000", "1__0", "_1", "1_", "-_1", "0_644", "0x_1F", "0b_1", "0b1_1", "0o1_7", "--1", "+-1", "-+1", "0b-1",
    // Around 2^53, 2^63 and 2^64.
    "9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "+9223372036854775807",
    "+9223372036854775808", "18446744073709551615", "18446744073709551616", "-18446744073709551616",
    "123456789012345678901234567890", "0x7fffffffffffffff", "0xffffffffffffffff", "0x10000000000000000",
    "0777777777777777777777", "01777777777777777777777", "02000000000000000000000",
    // Floats.
    "1.0", "1.5", "-1.5", "+1.5", ".5", "-.5", "+.5", "5.", "1.e3", "1e3", "1E3", "1e+3", "1e-3", "-1e3", "1e", "1e+",
    "e3", "1.5e300", "1e308", "1e309", "1e400", "-1e400", "1e-400", "5e-324", "1e21", "1e20", "123456789.125",
    "1e-6", "1e-7", "0.000001", "0.0000001", "0.1", "0.30000000000000004", "1_0.5", "1.5_0", "1._5", "1_.5", "._5",
    ".5_", "._", "1e1_0", "1e_1", "9007199254740993.0", "9223372036854775808.0", "18446744073709551616.0", "00.5",
    "0.0", "-0.0", "1.2.3", "1.2.3.4", "0x1p3", "0x1.8p1", "0x.8p0", "infinity", "inf", "nan", "Infinity", "NaN",
    ".", "..", "-.", "+.", ".e3", ".1e2",
    ".inf", ".Inf", ".INF", "-.inf", "+.inf", "-.INF", "+.Inf", ".iNf", ".nan", ".NaN", ".NAN", ".Nan", "-.nan",
    // Sexagesimals and timestamps: text to Go.
    "1:30", "190:20:30", "190:20:30.15", "-1:30", "00:00", "12:30:45", "2001-12-15", "2001-12-14t21:59:43.10-05:00",
    "2001-12-14 21:59:43.10 -5", "2001-12-15 2:59:43.10", "2001-12-14T21:59:43Z", "2001-1-1", "0001-01-01",
    "9999-99-99", "2001-12", "20011215",
    // Default value, merge key, indicators that may begin plain text.
    "=", "<<", "<", "<<<", "==", "-", "--", "---x", "-x", "?x", ":x", "x:y", "x#y", "a b", "a  b", "a:b:c", "http://x",
    "a,b", "a]b", "a}b", "[]", "{}", "x[0]", "x{0}", "$x", "${x}", "$(x)", "%x", "x%", "@x", "`x", "!x", "&x", "*x", "|x",
    ">x", "'x", "\"x", "x'", "x\"", "x!", "x&", "x*", "\\x", "\\n", "x\\", "/x", "(x)", "^x", "~/x", ";x", "_", "__",
    "é", "\u{1f600}", "\u{a0}", "x\u{a0}", "\u{feff}x", "x\u{feff}y", "x\u{85}y", "x\u{2028}y", "x\u{2029}y",
    "\u{2028}x", "\u{200b}", "\u{202e}x", "\u{fffd}", "\u{e000}", "x\ty", "x\t", "x \ty",
    // Quantities, versions and other words of manifests.
    "100m", "1Gi", "1e3Mi", "0.5", "v1", "1.10", "1.20", "80", "8080/tcp", "50%", "sha256:0e3", "12e03", "123e4567",
    "0e0", "00e1", "1e1000000000", "7e-10", "0123abc", "0xdeadbeef", "deadbeef", "AAECAwQ=", "aGVsbG8=", "====", "aGVsbG8",
];

const TAGS: &[&str] = &[
    "!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!timestamp", "!!merge", "!!value", "!!set", "!!omap",
    "!!seq", "!!map", "!!foo", "!local", "!", "!<tag:yaml.org,2002:int>", "!<tag:yaml.org,2002:str>", "!<x>", "!e!x",
    "!!python/none",
];

/// Scalars that are tried under every tag, plain and quoted: one of each class.
const TAGGED: &[&str] = &[
    "1", "0644", "-1", "1.5", "1.0", "1e400", "18446744073709551615", "yes", "true", "null", "~", "", "x", ".inf", ".nan",
    "2001-12-15", "1:30", "<<", "=", "aGVsbG8=", "gIGC", "a b", "1_000", "0x1F",
];

/// All texts, without repetitions.
pub fn texts() -> Vec<String> {
    let mut out = Vec::new();
    for scalar in SCALARS {
        out.extend(places(scalar));
        out.extend(styles(scalar));
    }
    for tag in TAGS {
        for scalar in TAGGED {
            out.extend(tagged(tag, scalar));
        }
    }
    out.extend(structures::texts());
    let mut seen = std::collections::BTreeSet::new();
    out.retain(|text| seen.insert(text.clone()));
    out
}

/// Plain, as value and key, in flow and in block, in lists.
fn places(scalar: &str) -> Vec<String> {
    vec![
        format!("v: {scalar}\n"),
        format!("{scalar}: 1\n"),
        format!("- {scalar}\n- {scalar} # words\n"),
        format!("v: [{scalar}, {scalar}]\n"),
        format!("v: {{k: {scalar}, {scalar}: 1}}\n"),
        format!("{scalar}\n"),
    ]
}

/// Quoted and as blocks, as value and key.
fn styles(scalar: &str) -> Vec<String> {
    let (single, double) = (single(scalar), double(scalar));
    vec![
        format!("v: {single}\n"),
        format!("v: {double}\n"),
        format!("v: |-\n  {scalar}\n"),
        format!("v: >\n  {scalar}\n"),
        format!("{single}: 1\n"),
        format!("[{double}, {{{single}: 1}}]\n"),
    ]
}

fn tagged(tag: &str, scalar: &str) -> Vec<String> {
    vec![
        format!("v: {tag} {scalar}\n"),
        format!("v: {tag} {}\n", double(scalar)),
        format!("{tag} {scalar} : 1\n"),
    ]
}

/// In single quotes.
pub fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// In double quotes.
pub fn double(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
