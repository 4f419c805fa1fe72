package io.tatara.models.demo;

import java.util.ArrayList;
import java.util.List;

/** Numbers in words: English, and Japanese in tokens of digit and unit. */
final class Numerals {
    private static final String[] ONES = {
        "",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen"
    };
    private static final String[] TENS = {
        "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"
    };
    private static final String[] ORDINALS = {
        "",
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
        "eleventh",
        "twelfth",
        "thirteenth",
        "fourteenth",
        "fifteenth",
        "sixteenth",
        "seventeenth",
        "eighteenth",
        "nineteenth"
    };
    private static final String[] DIGITS = {"〇", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
    private static final String[] UNITS = {"", "十", "百", "千", "万"};

    private Numerals() {}

    /** 1 … 99 999, such as "three thousand and forty two". */
    static List<String> english(int n) {
        List<String> words = new ArrayList<>();
        if (n >= 1000) {
            words.addAll(english(n / 1000));
            words.add("thousand");
        }
        int rest = n % 1000;
        if (rest >= 100) {
            words.add(ONES[rest / 100]);
            words.add("hundred");
        }
        int small = rest % 100;
        if (small > 0 && n >= 100) {
            words.add("and");
        }
        words.addAll(belowHundred(small));
        return words;
    }

    /** 0 … 99; nothing for 0. */
    static List<String> belowHundred(int n) {
        List<String> words = new ArrayList<>();
        if (n >= 20) {
            words.add(TENS[n / 10]);
            n %= 10;
        }
        if (n > 0) {
            words.add(ONES[n]);
        }
        return words;
    }

    /** 1 … 31, such as "twenty third". */
    static List<String> ordinal(int n) {
        List<String> words = new ArrayList<>();
        if (n >= 20) {
            int one = n % 10;
            words.add(one > 0 ? TENS[n / 10] : n == 20 ? "twentieth" : "thirtieth");
            n = one;
        }
        if (n > 0) {
            words.add(ORDINALS[n]);
        }
        return words;
    }

    /**
     * A year from 1100 on as it is said: "nineteen ninety nine", "nineteen oh five", "two thousand
     * and four".
     */
    static List<String> year(int n) {
        if (n / 1000 == 2 && n % 1000 < 10 || n % 1000 == 0) {
            return english(n);
        }
        List<String> words = new ArrayList<>(belowHundred(n / 100));
        int rest = n % 100;
        if (rest == 0) {
            words.add("hundred");
        } else if (rest < 10) {
            words.add("oh");
        }
        words.addAll(belowHundred(rest));
        return words;
    }

    /** 1 … 99 999 as tokens such as 三千 四十 二. */
    static List<String> japanese(int n) {
        List<String> words = new ArrayList<>();
        for (int unit = 4, power = 10_000; unit >= 0; unit--, power /= 10) {
            int digit = n / power % 10;
            if (digit > 0) {
                boolean plain = digit == 1 && unit >= 1 && unit <= 3;
                words.add((plain ? "" : DIGITS[digit]) + UNITS[unit]);
            }
        }
        return words;
    }

    /** One token a digit: 一 九 九 九. */
    static List<String> digits(int n) {
        List<String> words = new ArrayList<>();
        for (char c : Integer.toString(n).toCharArray()) {
            words.add(DIGITS[c - '0']);
        }
        return words;
    }
}
