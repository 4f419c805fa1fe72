package io.tatara.runtime.graph;

import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.pointwise.Pointwise;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * A list of ops as boxes and arrows: an op with its attributes and results, tensors from outside,
 * an arrow for what one reads of another. Outside tensors that the same ops read are one box.
 */
public final class Picture {
    private static final int LONGEST = 56;
    private static final int MOST_LISTED = 4;

    /** What a box stands for. */
    enum Kind {
        OUTSIDE("#eceff1"),
        OP("#dbe9f6"),
        FUSED("#fde9c9"),
        IN_PLACE("#f8d7da");

        final String color;

        Kind(String color) {
            this.color = color;
        }
    }

    /**
     * @param lines the first is the title
     * @param detail all of it, for a closer look
     * @param bold whether it makes something visible
     */
    record Box(int number, Kind kind, List<String> lines, String detail, boolean bold) {}

    /**
     * @param label shape and type of what is read
     */
    record Arrow(int from, int to, String label) {}

    final String title;
    final List<Box> boxes = new ArrayList<>();
    final Set<Arrow> arrows = new LinkedHashSet<>();

    private Picture(String title) {
        this.title = title;
    }

    /**
     * @param memory where a buffer that an op makes lies, for people
     */
    public static Picture of(String title, List<Node> nodes, Function<Buffer, String> memory) {
        Picture p = new Picture(title);
        for (Node n : nodes) {
            p.boxes.add(box(p.boxes.size(), n, memory));
        }
        Map<Buffer, Integer> writers = new IdentityHashMap<>();
        Map<Buffer, Set<Integer>> outside = new LinkedHashMap<>();
        Map<Buffer, String> specs = new IdentityHashMap<>();
        for (int k = 0; k < nodes.size(); k++) {
            Node n = nodes.get(k);
            for (int i = 0; i < n.in().size(); i++) {
                Buffer b = n.in().get(i);
                if (b == null) {
                    continue;
                }
                String label = n.inSpecs().get(i).toString();
                Integer from = writers.get(b);
                if (from != null) {
                    p.arrows.add(new Arrow(from, k, label));
                } else {
                    outside.computeIfAbsent(b, x -> new LinkedHashSet<>()).add(k);
                    specs.putIfAbsent(b, label);
                }
            }
            for (Buffer b : n.out()) {
                writers.put(b, k);
            }
        }
        p.outside(outside, specs);
        return p;
    }

    private void outside(Map<Buffer, Set<Integer>> readers, Map<Buffer, String> specs) {
        Map<Set<Integer>, List<String>> groups = new LinkedHashMap<>();
        readers.forEach((b, ops) ->
                groups.computeIfAbsent(ops, k -> new ArrayList<>())
                        .add("#" + b.id() + " " + specs.get(b)));
        groups.forEach((ops, tensors) -> {
            int n = tensors.size();
            List<String> lines = new ArrayList<>();
            lines.add(n == 1 ? "outside" : n + " tensors outside");
            lines.addAll(tensors.subList(0, Math.min(n, MOST_LISTED)));
            if (n > MOST_LISTED) {
                lines.add("… and " + (n - MOST_LISTED) + " more");
            }
            int number = boxes.size();
            String detail = String.join("\n", tensors);
            boxes.add(new Box(number, Kind.OUTSIDE, lines, detail, false));
            String label = n == 1 ? tensors.getFirst() : n + " tensors";
            ops.forEach(k -> arrows.add(new Arrow(number, k, label)));
        });
    }

    private static Box box(int number, Node n, Function<Buffer, String> memory) {
        List<String> lines = new ArrayList<>();
        StringBuilder detail = new StringBuilder();
        int parts = n.parts().size();
        lines.add(n.op().name() + (parts > 1 ? ", " + parts + " ops fused" : ""));
        String attributes = attributes(n.op());
        if (!attributes.isEmpty()) {
            lines.add(shorter(attributes));
            detail.append(attributes).append('\n');
        }
        boolean place = false;
        boolean bold = false;
        for (int j = 0; j < n.out().size(); j++) {
            Buffer b = n.out().get(j);
            TensorSpec spec = n.outSpecs().get(j);
            boolean over = n.op().alias(j) >= 0;
            place |= over;
            bold |= b.kind() == Buffer.Kind.VISIBLE;
            String where = over ? "in place" : memory.apply(b);
            String line = "→ #" + b.id() + " " + spec + ", " + bytes(spec.bytes()) + ", " + where;
            if (j < MOST_LISTED) {
                lines.add(line);
            }
            detail.append(line).append('\n');
        }
        if (n.out().size() > MOST_LISTED) {
            lines.add("… and " + (n.out().size() - MOST_LISTED) + " more");
        }
        if (parts > 1) {
            detail.append("fused:\n");
            for (Op o : n.parts()) {
                detail.append("  ").append(o.name()).append(' ').append(attributes(o)).append('\n');
            }
        }
        Kind kind = place ? Kind.IN_PLACE : parts > 1 ? Kind.FUSED : Kind.OP;
        return new Box(number, kind, lines, detail.toString(), bold);
    }

    /** An op's attributes as its record prints them. */
    private static String attributes(Op op) {
        if (op instanceof Pointwise p) {
            return p.expr().toString();
        }
        String s = op.toString();
        int open = s.indexOf('[');
        return open >= 0 && s.endsWith("]") ? s.substring(open + 1, s.length() - 1) : s;
    }

    private static String shorter(String s) {
        return s.length() <= LONGEST ? s : s.substring(0, LONGEST - 1) + "…";
    }

    /** A number of bytes for people. */
    public static String bytes(long n) {
        if (n < 1000) {
            return n + " B";
        }
        double v = n;
        int unit = -1;
        while (v >= 999.5) {
            v /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, v < 10 ? "%.1f %cB" : "%.0f %cB", v, "kMGT".charAt(unit));
    }

    /** In Graphviz's language. */
    public String toDot() {
        StringBuilder s = new StringBuilder("digraph tatara {\n");
        s.append("  label=").append(quoted(title)).append(";\n  labelloc=t;\n");
        s.append("  node [shape=box, style=\"filled\", fontname=\"monospace\", fontsize=10];\n");
        s.append("  edge [fontname=\"monospace\", fontsize=8];\n");
        for (Box b : boxes) {
            s.append("  n").append(b.number()).append(" [label=");
            s.append(quoted(String.join("\n", b.lines()))).append(", fillcolor=\"");
            s.append(b.kind().color).append('"');
            if (b.kind() == Kind.OUTSIDE) {
                s.append(", style=\"filled,rounded\"");
            }
            if (b.bold()) {
                s.append(", penwidth=2.5");
            }
            s.append(", tooltip=").append(quoted(b.detail())).append("];\n");
        }
        for (Arrow a : arrows) {
            s.append("  n").append(a.from()).append(" -> n").append(a.to());
            s.append(" [label=").append(quoted(a.label())).append("];\n");
        }
        return s.append("}\n").toString();
    }

    private static String quoted(String s) {
        return '"' + s.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }

    /** As SVG, in layers from top to bottom. */
    public String toSvg() {
        return new SvgLayers(this).draw();
    }
}
