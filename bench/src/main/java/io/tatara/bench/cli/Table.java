package io.tatara.bench.cli;

import java.io.PrintWriter;

/** A table that is printed row by row as results come, its widths fixed beforehand. */
final class Table {
    private final PrintWriter out;
    private final int[] widths;

    /**
     * @param widths of the columns; negative: flush left; the last may be exceeded
     */
    Table(PrintWriter out, int... widths) {
        this.out = out;
        this.widths = widths;
    }

    void row(Object... cells) {
        StringBuilder s = new StringBuilder();
        for (int i = 0; i < cells.length; i++) {
            s.append(i == 0 ? "" : "  ");
            s.append(String.format("%" + widths[i] + "s", cells[i]));
        }
        out.println(s.toString().stripTrailing());
        out.flush();
    }
}
