package io.tatara.runtime.cache;

import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a compiler gets for a {@link GpuProgram}: its defines, the portable header, a {@code #line}
 * directive and the source. The defines stand in the text rather than among the compiler's options,
 * where drivers differ about quoting; the directive makes compilers count the source's own lines.
 *
 * @param name the source's name for compilers and people
 * @param text everything, ready to compile
 * @param prologue number of lines before the source's first
 */
public record ProgramText(String name, String text, int prologue) {
    private static final int PLACES = 5;

    /**
     * Forms of a place where the compiler does not name the source: {@code <kernel>:7:3}, {@code
     * input.cl:7}, {@code line 7}.
     */
    private static final Pattern ANONYMOUS =
            Pattern.compile(
                    "(?:<[\\w ]+>|[\\w./\\\\-]*\\.(?:cl|cu)|\\binput)[:(](\\d+)|\\bline (\\d+)");

    public static ProgramText of(GpuTraits.Api api, GpuProgram program) {
        String prologue = GpuSources.prologue(api, program);
        int lines = (int) prologue.chars().filter(c -> c == '\n').count();
        String name = program.name().replaceAll("[\"\\\\\\s]", "_");
        return new ProgramText(name, prologue + program.source(), lines);
    }

    /**
     * The lines that a compiler's log speaks of, with their numbers and neighbours; empty where it
     * names none.
     */
    public String excerpt(String log) {
        SortedSet<Integer> places = new TreeSet<>(); // lines of the whole text, from 1
        Matcher named = Pattern.compile(Pattern.quote(name) + "[:(](\\d+)").matcher(log);
        while (named.find()) {
            add(places, named.group(1), prologue);
        }
        if (places.isEmpty()) {
            Matcher m = ANONYMOUS.matcher(log);
            while (m.find()) {
                add(places, m.group(1) != null ? m.group(1) : m.group(2), 0);
            }
        }
        String[] lines = text.split("\n", -1);
        StringBuilder s = new StringBuilder();
        int shown = 0;
        int last = 0;
        for (int p : places) {
            if (p > lines.length || shown++ == PLACES) {
                break;
            }
            for (int i = Math.max(last + 1, p - 1); i <= Math.min(lines.length, p + 1); i++) {
                boolean own = i > prologue;
                s.append(
                        "%s %s %4d | %s%n"
                                .formatted(
                                        places.contains(i) ? ">" : " ",
                                        own ? name : "(header)",
                                        own ? i - prologue : i,
                                        lines[i - 1]));
                last = i;
            }
        }
        return s.toString();
    }

    private static void add(SortedSet<Integer> places, String number, int offset) {
        if (number.length() < 8) {
            int line = Integer.parseInt(number) + offset;
            if (line > 0) {
                places.add(line);
            }
        }
    }
}
