package io.tatara.runtime.graph;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * A picture in layers (after Sugiyama, Tagawa and Toda 1981, the simple parts): an op stands below
 * all that it reads, within a layer boxes stand in the order of the mean place of their neighbours.
 */
final class SvgLayers {
    private static final int SWEEPS = 6;
    private static final double LETTER = 6.7; // width of a monospaced letter at 11 pixels
    private static final int LINE = 15;
    private static final int PADDING = 9;
    private static final int GAP = 22;
    private static final int LAYER_GAP = 46;
    private static final int MARGIN = 24;
    private static final int HEAD = 30;

    private final Picture picture;
    private final int[] layer;
    private final double[] x; // middle
    private final double[] y; // top
    private final double[] width;
    private final double[] height;
    private final List<List<Integer>> layers = new ArrayList<>();
    private final List<List<Integer>> above = new ArrayList<>();
    private final List<List<Integer>> below = new ArrayList<>();
    private double fullWidth;
    private double fullHeight;

    SvgLayers(Picture picture) {
        this.picture = picture;
        int n = picture.boxes.size();
        layer = new int[n];
        x = new double[n];
        y = new double[n];
        width = new double[n];
        height = new double[n];
        for (Picture.Box b : picture.boxes) {
            above.add(new ArrayList<>());
            below.add(new ArrayList<>());
            int longest = b.lines().stream().mapToInt(String::length).max().orElse(0);
            width[b.number()] = longest * LETTER + 2 * PADDING;
            height[b.number()] = b.lines().size() * LINE + 2 * PADDING - 4;
        }
        for (Picture.Arrow a : picture.arrows) {
            above.get(a.to()).add(a.from());
            below.get(a.from()).add(a.to());
        }
        layers();
        order();
        place();
    }

    /** Ops come in the order in which they run, so that each follows what it reads. */
    private void layers() {
        for (Picture.Box b : picture.boxes) {
            if (b.kind() != Picture.Kind.OUTSIDE) {
                int k = b.number();
                for (int from : above.get(k)) {
                    boolean outside = picture.boxes.get(from).kind() == Picture.Kind.OUTSIDE;
                    layer[k] = Math.max(layer[k], outside ? 1 : layer[from] + 1);
                }
            }
        }
        int deepest = 0;
        for (Picture.Box b : picture.boxes) {
            int k = b.number();
            if (b.kind() == Picture.Kind.OUTSIDE) {
                layer[k] = below.get(k).stream().mapToInt(t -> layer[t]).min().orElse(1) - 1;
            }
            deepest = Math.max(deepest, layer[k]);
        }
        for (int l = 0; l <= deepest; l++) {
            layers.add(new ArrayList<>());
        }
        for (int k = 0; k < layer.length; k++) {
            layers.get(layer[k]).add(k);
        }
    }

    private void order() {
        for (List<Integer> l : layers) {
            spread(l);
        }
        for (int s = 0; s < SWEEPS; s++) {
            boolean down = s % 2 == 0;
            for (List<Integer> l : down ? layers : layers.reversed()) {
                List<List<Integer>> sides = down ? above : below;
                l.sort(Comparator.comparingDouble(k -> mean(sides.get(k), x[k])));
                spread(l);
            }
        }
    }

    private double mean(List<Integer> boxes, double otherwise) {
        return boxes.stream().mapToDouble(k -> x[k]).average().orElse(otherwise);
    }

    /** Side by side around 0. */
    private void spread(List<Integer> l) {
        double whole = -GAP;
        for (int k : l) {
            whole += width[k] + GAP;
        }
        double at = -whole / 2;
        for (int k : l) {
            x[k] = at + width[k] / 2;
            at += width[k] + GAP;
        }
    }

    private void place() {
        double left = 0;
        double right = picture.title.length() * LETTER * 1.2;
        double at = HEAD + MARGIN;
        for (List<Integer> l : layers) {
            double highest = 0;
            for (int k : l) {
                y[k] = at;
                highest = Math.max(highest, height[k]);
                left = Math.min(left, x[k] - width[k] / 2);
                right = Math.max(right, x[k] + width[k] / 2);
            }
            at += l.isEmpty() ? 0 : highest + LAYER_GAP;
        }
        for (int k = 0; k < x.length; k++) {
            x[k] += MARGIN - left;
        }
        fullWidth = right - left + 2 * MARGIN;
        fullHeight = at - (picture.boxes.isEmpty() ? 0 : LAYER_GAP) + MARGIN;
    }

    String draw() {
        StringBuilder s = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        s.append(
                text(
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%1$.0f\" height=\"%2$.0f\""
                                + " viewBox=\"0 0 %1$.0f %2$.0f\" font-family=\"monospace\" font-size=\"11\">%n",
                        fullWidth, fullHeight));
        s.append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        s.append("<defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\"")
                .append(" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">")
                .append("<path d=\"M0,0 L8,4 L0,8 z\" fill=\"#607d8b\"/></marker></defs>\n");
        s.append(
                text(
                        "<text x=\"%d\" y=\"%d\" font-size=\"13\" font-weight=\"bold\">%s</text>%n",
                        MARGIN, HEAD, escaped(picture.title)));
        for (Picture.Arrow a : picture.arrows) {
            arrow(s, a);
        }
        for (Picture.Box b : picture.boxes) {
            box(s, b);
        }
        return s.append("</svg>\n").toString();
    }

    private void arrow(StringBuilder s, Picture.Arrow a) {
        double fromY = y[a.from()] + height[a.from()];
        double toY = y[a.to()];
        double bend = Math.max(20, (toY - fromY) / 2);
        boolean far = layer[a.to()] - layer[a.from()] > 1;
        s.append(
                text(
                        "<path d=\"M%.1f,%.1f C%.1f,%.1f %.1f,%.1f %.1f,%.1f\" fill=\"none\" stroke=\"#607d8b\""
                                + " stroke-opacity=\"%s\" marker-end=\"url(#head)\"><title>%s</title></path>%n",
                        x[a.from()],
                        fromY,
                        x[a.from()],
                        fromY + bend,
                        x[a.to()],
                        toY - bend,
                        x[a.to()],
                        toY,
                        far ? "0.35" : "1",
                        escaped(a.label())));
    }

    private void box(StringBuilder s, Picture.Box b) {
        int k = b.number();
        double left = x[k] - width[k] / 2;
        s.append(
                text(
                        "<g><title>%s</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%d\""
                                + " fill=\"%s\" stroke=\"#37474f\" stroke-width=\"%s\"/>%n",
                        escaped(b.detail()),
                        left,
                        y[k],
                        width[k],
                        height[k],
                        b.kind() == Picture.Kind.OUTSIDE ? 10 : 3,
                        b.kind().color,
                        b.bold() ? "2.5" : "1"));
        for (int i = 0; i < b.lines().size(); i++) {
            s.append(
                    text(
                            "<text x=\"%.1f\" y=\"%.1f\"%s>%s</text>%n",
                            left + PADDING,
                            y[k] + PADDING + 8 + i * LINE,
                            i == 0 ? " font-weight=\"bold\"" : "",
                            escaped(b.lines().get(i))));
        }
        s.append("</g>\n");
    }

    private static String text(String format, Object... arguments) {
        return String.format(Locale.ROOT, format, arguments);
    }

    private static String escaped(String s) {
        return s.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
