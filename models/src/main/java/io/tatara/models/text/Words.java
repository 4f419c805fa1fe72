package io.tatara.models.text;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Splits text into words. */
public final class Words {
    private static final Pattern BLANK = Pattern.compile("\\s+");
    private static final Pattern MARK = Pattern.compile("([.,!?;:\"()\\[\\]])(?!\\d)");
    private static final Pattern APOSTROPHE = Pattern.compile("(?<=\\S)(['’])(?=\\S)");

    private Words() {}

    /** Words that stand apart already. */
    public static List<String> split(String line) {
        String s = line.strip();
        return s.isEmpty() ? List.of() : List.of(BLANK.split(s));
    }

    /**
     * English as people type it: lower case, punctuation apart, {@code don't} as {@code don 't}.
     */
    public static List<String> english(String text) {
        String s = text.toLowerCase(Locale.ROOT);
        s = MARK.matcher(s).replaceAll(" $1 ");
        s = APOSTROPHE.matcher(s).replaceAll(" '");
        return split(s);
    }
}
