//! The built-in functions.

use super::{check_errors, check_values};
use expect_test::expect;
use serde_json::json;

#[test]
fn types_are_told_apart() {
    check_values(
        &[
            "IS_DEFINED(c.none)",
            "is_defined(c.missing)",
            "IS_NULL(c.none)",
            "IS_NULL(c.missing)",
            "IS_BOOL(true)",
            "IS_NUMBER(1.5)",
            "IS_INTEGER(1.5)",
            "IS_INTEGER(2.0)",
            "IS_STRING('')",
            "IS_ARRAY([])",
            "IS_OBJECT({})",
            "IS_PRIMITIVE(c.none)",
            "IS_PRIMITIVE([])",
        ],
        &json!({"none": null}),
        expect![[r"
            IS_DEFINED(c.none) → true
            is_defined(c.missing) → false
            IS_NULL(c.none) → true
            IS_NULL(c.missing) → false
            IS_BOOL(true) → true
            IS_NUMBER(1.5) → true
            IS_INTEGER(1.5) → false
            IS_INTEGER(2.0) → true
            IS_STRING('') → true
            IS_ARRAY([]) → true
            IS_OBJECT({}) → true
            IS_PRIMITIVE(c.none) → true
            IS_PRIMITIVE([]) → false
        "]],
    );
}

#[test]
fn texts_are_searched() {
    check_values(
        &[
            "STARTSWITH('Order', 'Ord')",
            "STARTSWITH('Order', 'ord')",
            "STARTSWITH('Order', 'ord', true)",
            "ENDSWITH('Order', 'ER', true)",
            "CONTAINS('Order', 'rd')",
            "CONTAINS('Order', c.missing)",
            "STRINGEQUALS('A', 'a', true)",
            "INDEX_OF('äbcbc', 'bc')",
            "INDEX_OF('abcbc', 'bc', 2)",
            "INDEX_OF('abc', 'x')",
            "RegexMatch('abcd', '^a.c')",
            "RegexMatch('ABCD', '^a.c', 'i')",
            "RegexMatch(1, 'a')",
        ],
        &json!({}),
        expect![[r"
            STARTSWITH('Order', 'Ord') → true
            STARTSWITH('Order', 'ord') → false
            STARTSWITH('Order', 'ord', true) → true
            ENDSWITH('Order', 'ER', true) → true
            CONTAINS('Order', 'rd') → true
            CONTAINS('Order', c.missing) → undefined
            STRINGEQUALS('A', 'a', true) → true
            INDEX_OF('äbcbc', 'bc') → 1
            INDEX_OF('abcbc', 'bc', 2) → 3
            INDEX_OF('abc', 'x') → -1
            RegexMatch('abcd', '^a.c') → true
            RegexMatch('ABCD', '^a.c', 'i') → true
            RegexMatch(1, 'a') → undefined
        "]],
    );
}

#[test]
fn texts_are_built() {
    check_values(
        &[
            "CONCAT('a', 'b', 'c')",
            "CONCAT('a', 1)",
            "LENGTH('äö')",
            "LOWER('ÄB') || UPPER('äb')",
            "SUBSTRING('abcdef', 2, 3)",
            "SUBSTRING('abc', 5, 1)",
            "LEFT('abc', 2) || RIGHT('abc', 1)",
            "LEFT('abc', -1)",
            "REPLACE('aXbX', 'X', '--')",
            "REPLICATE('ab', 3)",
            "REVERSE('abc')",
            "TRIM('  a ') || '|'",
            "LTRIM('xxa', 'x') || RTRIM('b  ')",
            "STRINGJOIN(['a', 'b'], '-')",
            "STRINGSPLIT('a-b', '-')",
        ],
        &json!({}),
        expect![[r#"
            CONCAT('a', 'b', 'c') → "abc"
            CONCAT('a', 1) → undefined
            LENGTH('äö') → 2
            LOWER('ÄB') || UPPER('äb') → "äbÄB"
            SUBSTRING('abcdef', 2, 3) → "cde"
            SUBSTRING('abc', 5, 1) → ""
            LEFT('abc', 2) || RIGHT('abc', 1) → "abc"
            LEFT('abc', -1) → ""
            REPLACE('aXbX', 'X', '--') → "a--b--"
            REPLICATE('ab', 3) → "ababab"
            REVERSE('abc') → "cba"
            TRIM('  a ') || '|' → "a|"
            LTRIM('xxa', 'x') || RTRIM('b  ') → "ab"
            STRINGJOIN(['a', 'b'], '-') → "a-b"
            STRINGSPLIT('a-b', '-') → ["a","b"]
        "#]],
    );
}

#[test]
fn texts_become_values_and_back() {
    check_values(
        &[
            "TOSTRING(1.50)",
            "TOSTRING('a')",
            "ToString({'a': [true, null]})",
            "StringToNumber(' 12 ')",
            "StringToNumber('x')",
            "StringToBoolean('true')",
            "StringToNull('null')",
            "StringToArray('[1, 2]')",
            "StringToObject('{\"a\": 1}')",
        ],
        &json!({}),
        expect![[r#"
            TOSTRING(1.50) → "1.5"
            TOSTRING('a') → "a"
            ToString({'a': [true, null]}) → "{\"a\":[true,null]}"
            StringToNumber(' 12 ') → 12
            StringToNumber('x') → undefined
            StringToBoolean('true') → true
            StringToNull('null') → null
            StringToArray('[1, 2]') → [1,2]
            StringToObject('{"a": 1}') → {"a":1}
        "#]],
    );
}

#[test]
fn arrays_are_searched_cut_and_joined() {
    check_values(
        &[
            "ARRAY_CONTAINS(c.tags, 'a')",
            "ARRAY_CONTAINS(c.items, {'id': 1})",
            "ARRAY_CONTAINS(c.items, {'id': 1}, true)",
            "ARRAY_CONTAINS(c.missing, 1)",
            "ARRAY_CONTAINS_ANY(c.tags, 'x', 'b')",
            "ARRAY_CONTAINS_ALL(c.tags, 'x', 'b')",
            "ARRAY_LENGTH(c.tags)",
            "ARRAY_CONCAT(c.tags, [1], [2])",
            "ARRAY_SLICE([1, 2, 3, 4], 1, 2)",
            "ARRAY_SLICE([1, 2, 3, 4], -3, 2)",
            "ARRAY_SLICE([1, 2, 3, 4], 2)",
            "SetIntersect([1, 2, 2], [2.0, 3])",
            "SetUnion([1, 2], [2, 3])",
            "SetDifference([1, 2], [2])",
            "ObjectToArray({'a': 1})",
            "CHOOSE(2, 'a', 'b')",
            "IIF(true, 1, 2)",
        ],
        &json!({"tags": ["a", "b"], "items": [{"id": 1, "n": 2}]}),
        expect![[r#"
            ARRAY_CONTAINS(c.tags, 'a') → true
            ARRAY_CONTAINS(c.items, {'id': 1}) → false
            ARRAY_CONTAINS(c.items, {'id': 1}, true) → true
            ARRAY_CONTAINS(c.missing, 1) → undefined
            ARRAY_CONTAINS_ANY(c.tags, 'x', 'b') → true
            ARRAY_CONTAINS_ALL(c.tags, 'x', 'b') → false
            ARRAY_LENGTH(c.tags) → 2
            ARRAY_CONCAT(c.tags, [1], [2]) → ["a","b",1,2]
            ARRAY_SLICE([1, 2, 3, 4], 1, 2) → [2,3]
            ARRAY_SLICE([1, 2, 3, 4], -3, 2) → [2,3]
            ARRAY_SLICE([1, 2, 3, 4], 2) → [3,4]
            SetIntersect([1, 2, 2], [2.0, 3]) → [2]
            SetUnion([1, 2], [2, 3]) → [1,2,3]
            SetDifference([1, 2], [2]) → [1]
            ObjectToArray({'a': 1}) → [{"k":"a","v":1}]
            CHOOSE(2, 'a', 'b') → "b"
            IIF(true, 1, 2) → 1
        "#]],
    );
}

#[test]
fn numbers_are_computed() {
    check_values(
        &[
            "ABS(-1.5)",
            "CEILING(1.2) + FLOOR(-1.2)",
            "ROUND(2.5)",
            "ROUND(-2.567, 2)",
            "TRUNC(-2.7)",
            "SQRT(16)",
            "SQRT(-1)",
            "POWER(2, 10)",
            "LOG(8, 2)",
            "LOG10(1000)",
            "EXP(0)",
            "SIGN(-3)",
            "SQUARE(3)",
            "PI() > 3.14",
            "DEGREES(PI())",
            "ATN2(0, 1) + SIN(0) + TAN(0)",
            "INTADD(9223372036854775807, 1)",
            "INTDIV(7, 2)",
            "INTDIV(7, 0)",
            "ABS('1')",
        ],
        &json!({}),
        expect![[r"
            ABS(-1.5) → 1.5
            CEILING(1.2) + FLOOR(-1.2) → 0
            ROUND(2.5) → 3
            ROUND(-2.567, 2) → -2.57
            TRUNC(-2.7) → -2
            SQRT(16) → 4
            SQRT(-1) → undefined
            POWER(2, 10) → 1024
            LOG(8, 2) → 3
            LOG10(1000) → 3
            EXP(0) → 1
            SIGN(-3) → -1
            SQUARE(3) → 9
            PI() > 3.14 → true
            DEGREES(PI()) → 180
            ATN2(0, 1) + SIN(0) + TAN(0) → 0
            INTADD(9223372036854775807, 1) → -9223372036854775808
            INTDIV(7, 2) → 3
            INTDIV(7, 0) → undefined
            ABS('1') → undefined
        "]],
    );
}

#[test]
fn wrong_calls_are_refused() {
    check_errors(
        &[
            "SELECT VALUE LENGTH() FROM c",
            "SELECT VALUE CONCAT('a') FROM c",
            "SELECT VALUE STARTSWITH('a') FROM c",
            "SELECT VALUE COUNT(1, 2) FROM c",
            "SELECT VALUE RegexMatch('a', '(') FROM c",
            "SELECT VALUE RegexMatch('a', 'a', 'q') FROM c",
            "SELECT VALUE GetCurrentTimestamp() FROM c",
            "SELECT VALUE udf.f(1) FROM c",
            "SELECT VALUE REPLACE(REPLICATE('a', 10000), 'a', REPLICATE('b', 10000)) FROM c",
        ],
        expect![[r#"
            SELECT VALUE LENGTH() FROM c → invalid at position 13: LENGTH with 0 arguments; it takes 1
            SELECT VALUE CONCAT('a') FROM c → invalid at position 13: CONCAT with 1 arguments; it takes at least 2
            SELECT VALUE STARTSWITH('a') FROM c → invalid at position 13: STARTSWITH with 1 arguments; it takes 2 to 3
            SELECT VALUE COUNT(1, 2) FROM c → invalid at position 13: COUNT with 2 arguments; it takes 1
            SELECT VALUE RegexMatch('a', '(') FROM c → invalid at position 13: REGEXMATCH: the pattern "(" cannot be read, or is too large
            SELECT VALUE RegexMatch('a', 'a', 'q') FROM c → invalid at position 13: REGEXMATCH: the modifier 'q' is not known
            SELECT VALUE GetCurrentTimestamp() FROM c → unsupported at position 13: function 'GetCurrentTimestamp'
            SELECT VALUE udf.f(1) FROM c → unsupported at position 13: user-defined functions
            SELECT VALUE REPLACE(REPLICATE('a', 10000), 'a', REPLICATE('b', 10000)) FROM c → invalid at position 13: REPLACE: a text of 100010000 bytes; 2097152 are allowed
        "#]],
    );
}
