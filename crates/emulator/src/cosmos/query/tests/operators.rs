//! Operators: how they bind, and what they make of undefined and of other types.

use super::check_values;
use expect_test::expect;
use serde_json::json;

#[test]
fn operators_bind_as_the_service_has_it() {
    check_values(
        &[
            "1 + 2 * 3",
            "(1 + 2) * 3",
            "10 - 2 - 3",
            "7 % 4 + 0.5",
            "1 < 2 = true",
            "true OR false AND false",
            "NOT c.no AND c.yes",
            "NOT (1 = 2)",
            "c.yes ? 'a' : c.no ? 'b' : 'c'",
            "('a' || 'b' || 'c') = 'abc'",
            "5 & 3 | 8",
            "-(-1) - -1",
            "2 BETWEEN 1 AND 2 AND true",
        ],
        &json!({"yes": true, "no": false}),
        expect![[r#"
            1 + 2 * 3 → 7
            (1 + 2) * 3 → 9
            10 - 2 - 3 → 5
            7 % 4 + 0.5 → 3.5
            1 < 2 = true → true
            true OR false AND false → true
            NOT c.no AND c.yes → true
            NOT (1 = 2) → true
            c.yes ? 'a' : c.no ? 'b' : 'c' → "a"
            ('a' || 'b' || 'c') = 'abc' → true
            5 & 3 | 8 → 9
            -(-1) - -1 → 2
            2 BETWEEN 1 AND 2 AND true → true
        "#]],
    );
}

#[test]
fn undefined_spreads_unless_the_rest_decides() {
    check_values(
        &[
            "1 = '1'",
            "1 < 'a'",
            "[1] = [1.0]",
            "c.missing = 1 OR true",
            "c.missing = 1 AND false",
            "c.missing = 1 AND true",
            "NOT (c.missing = 1)",
            "c.none != 1",
            "c.none = null",
            "c.missing ?? c.none ?? 1",
            "1 IN (c.missing, 1)",
            "2 IN (c.missing, 1)",
            "[1, c.missing, {'a': c.missing}]",
            "1 / 0",
            "'a' + 1",
        ],
        &json!({"none": null}),
        expect![[r"
            1 = '1' → undefined
            1 < 'a' → undefined
            [1] = [1.0] → true
            c.missing = 1 OR true → true
            c.missing = 1 AND false → false
            c.missing = 1 AND true → undefined
            NOT (c.missing = 1) → undefined
            c.none != 1 → true
            c.none = null → true
            c.missing ?? c.none ?? 1 → null
            1 IN (c.missing, 1) → true
            2 IN (c.missing, 1) → undefined
            [1, c.missing, {'a': c.missing}] → [1,{}]
            1 / 0 → undefined
            'a' + 1 → undefined
        "]],
    );
}

#[test]
fn like_knows_runs_sets_and_escapes() {
    check_values(
        &[
            "'abc' LIKE 'a%'",
            "'abc' LIKE '%b'",
            "'abc' LIKE '_[a-c]_'",
            "'abc' NOT LIKE '_[^b]c'",
            "'a%' LIKE 'a!%' ESCAPE '!'",
            "'ab' LIKE 'a!%' ESCAPE '!'",
            "'aXbXc' LIKE '%X%X%'",
            "'' LIKE '%'",
            "1 LIKE '%'",
        ],
        &json!({}),
        expect![[r"
            'abc' LIKE 'a%' → true
            'abc' LIKE '%b' → false
            'abc' LIKE '_[a-c]_' → true
            'abc' NOT LIKE '_[^b]c' → true
            'a%' LIKE 'a!%' ESCAPE '!' → true
            'ab' LIKE 'a!%' ESCAPE '!' → false
            'aXbXc' LIKE '%X%X%' → true
            '' LIKE '%' → true
            1 LIKE '%' → undefined
        "]],
    );
}
