package io.tatara.models.demo;

import io.tatara.models.text.SentencePair;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Draws English phrases of numbers, dates and times with their Japanese. */
final class PhraseGrammar {
    private static final String[] MONTHS = {
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december"
    };
    private static final String[] DAYS = {
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
    };
    private static final String[] DAYS_JA = {"月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日", "日曜日"};
    private static final String[][] THINGS = {
        {"yen", "円"},
        {"dollars", "ドル"},
        {"people", "人"},
        {"minutes", "分"},
        {"metres", "メートル"},
        {"books", "冊"},
        {"cats", "匹"},
        {"years", "年"}
    };
    private static final int[] LENGTHS = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    private final Random random;

    PhraseGrammar(long seed) {
        this.random = new Random(seed);
    }

    SentencePair next() {
        Phrase p = new Phrase();
        switch (random.nextInt(10)) {
            case 0, 1 -> number(p);
            case 2, 3 -> quantity(p);
            case 4, 5, 6 -> date(p);
            case 7 -> time(p);
            default -> appointment(p);
        }
        return new SentencePair(p.english, p.japanese);
    }

    /** A pair in the making. */
    private static final class Phrase {
        final List<String> english = new ArrayList<>();
        final List<String> japanese = new ArrayList<>();

        Phrase en(String... words) {
            english.addAll(List.of(words));
            return this;
        }

        Phrase en(List<String> words) {
            english.addAll(words);
            return this;
        }

        Phrase ja(String... words) {
            japanese.addAll(List.of(words));
            return this;
        }

        Phrase ja(List<String> words) {
            japanese.addAll(words);
            return this;
        }
    }

    /** Numbers of every length alike, or short ones would be rare. */
    private int anyNumber() {
        int limit = new int[] {100, 1000, 10_000, 100_000, 100_000}[random.nextInt(5)];
        return 1 + random.nextInt(limit - 1);
    }

    private void number(Phrase p) {
        int n = anyNumber();
        p.en(Numerals.english(n)).ja(Numerals.japanese(n));
    }

    private void quantity(Phrase p) {
        int n = Math.max(2, anyNumber());
        String[] thing = THINGS[random.nextInt(THINGS.length)];
        p.en(Numerals.english(n)).en(thing[0]).ja(Numerals.japanese(n)).ja(thing[1]);
    }

    private void date(Phrase p) {
        int month = random.nextInt(MONTHS.length);
        int day = 1 + random.nextInt(LENGTHS[month]);
        int year = 1100 + random.nextInt(1000);
        int weekday = random.nextInt(4) == 0 ? random.nextInt(DAYS.length) : -1;
        if (weekday >= 0) {
            p.en(DAYS[weekday]);
        }
        if (random.nextBoolean()) {
            p.en("the").en(Numerals.ordinal(day)).en("of", MONTHS[month]);
        } else {
            p.en(MONTHS[month], "the").en(Numerals.ordinal(day));
        }
        p.en(Numerals.year(year));
        p.ja(Numerals.digits(year)).ja("年").ja(monthAndDay(month, day));
        if (weekday >= 0) {
            p.ja(DAYS_JA[weekday]);
        }
    }

    private static List<String> monthAndDay(int month, int day) {
        List<String> words = new ArrayList<>(Numerals.japanese(month + 1));
        words.add("月");
        words.addAll(Numerals.japanese(day));
        words.add("日");
        return words;
    }

    private void time(Phrase p) {
        boolean morning = random.nextBoolean();
        clock(p, morning ? "午前" : "午後");
        p.en("in", "the", morning ? "morning" : "afternoon");
    }

    /** "quarter to nine" and 八 時 四十 五 分. */
    private void clock(Phrase p, String half) {
        int hour = 1 + random.nextInt(11);
        int minute = random.nextInt(60);
        p.ja(half).ja(Numerals.japanese(hour)).ja("時");
        if (minute == 30) {
            p.en("half", "past").en(Numerals.english(hour)).ja("半");
            return;
        }
        if (minute > 0) {
            p.ja(Numerals.japanese(minute)).ja("分");
        }
        if (minute == 0) {
            p.en(Numerals.english(hour)).en("o'clock");
        } else if (minute == 15) {
            p.en("quarter", "past").en(Numerals.english(hour));
        } else if (minute == 45) {
            p.en("quarter", "to").en(Numerals.english(hour + 1));
        } else if (random.nextBoolean()) {
            p.en(Numerals.english(hour))
                    .en(minute < 10 ? List.of("oh") : List.of())
                    .en(Numerals.english(minute));
        } else {
            p.en(Numerals.english(minute)).en("minutes", "past").en(Numerals.english(hour));
        }
    }

    /** A day and a time. */
    private void appointment(Phrase p) {
        int weekday = random.nextInt(DAYS.length);
        Phrase when = new Phrase();
        boolean morning = random.nextBoolean();
        if (random.nextBoolean()) {
            p.ja("毎週").ja(DAYS_JA[weekday]).ja("の");
            when.en("every", DAYS[weekday]);
        } else {
            int month = random.nextInt(MONTHS.length);
            int day = 1 + random.nextInt(LENGTHS[month]);
            p.ja(monthAndDay(month, day)).ja("の");
            when.en("on", MONTHS[month], "the").en(Numerals.ordinal(day));
        }
        p.en("at");
        clock(p, morning ? "午前" : "午後");
        p.en("in", "the", morning ? "morning" : "afternoon").en(when.english);
    }
}
