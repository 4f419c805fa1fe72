package io.tatara.models.plot;

import io.tatara.kernels.TataraException;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.HeatMapChart;
import org.knowm.xchart.HeatMapChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Pictures of training and of attention. */
public final class Plots {
    private static final System.Logger LOG = System.getLogger("io.tatara");
    private static final int WIDTH = 720;
    private static final int HEIGHT = 400;
    private static final int CELL = 64;
    private static final int FONT = 15;

    static {
        // No screen is needed, and asking for one on a server would fail.
        if (System.getProperty("java.awt.headless") == null) {
            System.setProperty("java.awt.headless", "true");
        }
    }

    /**
     * One chart of a picture.
     *
     * @param series values by name, the first belonging to epoch 1
     */
    public record Curves(String title, String yAxis, Map<String, List<Double>> series) {}

    private Plots() {}

    /**
     * Charts over epochs, one below the other, as a PNG file.
     *
     * @return whether this machine can draw; where not, a warning is logged and there is no file
     */
    public static boolean curves(Path file, List<Curves> charts) {
        return drawn(file, () -> curves(charts));
    }

    private static BufferedImage curves(List<Curves> charts) {
        BufferedImage all =
                new BufferedImage(WIDTH, HEIGHT * charts.size(), BufferedImage.TYPE_INT_RGB);
        Graphics2D g = all.createGraphics();
        for (int i = 0; i < charts.size(); i++) {
            g.drawImage(BitmapEncoder.getBufferedImage(chart(charts.get(i))), 0, i * HEIGHT, null);
        }
        g.dispose();
        return all;
    }

    private static XYChart chart(Curves c) {
        XYChart chart =
                new XYChartBuilder()
                        .width(WIDTH)
                        .height(HEIGHT)
                        .title(c.title)
                        .xAxisTitle("epoch")
                        .yAxisTitle(c.yAxis)
                        .build();
        chart.getStyler().setXAxisDecimalPattern("0");
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        c.series.forEach((name, values) -> {
            double[] x = new double[values.size()];
            double[] y = new double[values.size()];
            for (int i = 0; i < x.length; i++) {
                x[i] = i + 1;
                y[i] = values.get(i);
            }
            if (x.length > 0) {
                chart.addSeries(name, x, y).setMarker(SeriesMarkers.CIRCLE);
            }
        });
        return chart;
    }

    /**
     * A heat map of attention as a PNG file: a row for each word of the translation, a column for
     * each word of the source.
     *
     * @param weights [rows][columns], 0 … 1
     * @return whether there was a font for all words; where not, words are shown by number and
     *     letters as the machine's fonts allow, or nothing is drawn, and a warning is logged
     */
    public static boolean attention(
            Path file, List<String> rows, List<String> columns, float[][] weights) {
        if (weights.length != rows.size()
                || weights.length == 0
                || weights[0].length != columns.size()) {
            throw new TataraException(
                    "attention plot: given "
                            + weights.length
                            + " rows of weights for "
                            + rows.size()
                            + " x "
                            + columns.size()
                            + " words");
        }
        boolean[] shown = {false};
        return drawn(file, () -> attention(file, rows, columns, weights, shown)) && shown[0];
    }

    private static BufferedImage attention(
            Path file,
            List<String> rows,
            List<String> columns,
            float[][] weights,
            boolean[] shown) {
        List<String> words = new ArrayList<>(rows);
        words.addAll(columns);
        Optional<Font> font = Fonts.showing(words, FONT);
        if (font.isEmpty()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "no font of this machine has all letters of {0}: {1} numbers the words; a CJK font such as fonts-noto-cjk helps",
                    words,
                    file);
        }
        HeatMapChart chart =
                new HeatMapChartBuilder()
                        .width(200 + CELL * columns.size())
                        .height(120 + CELL * rows.size())
                        .title(
                                font.isPresent()
                                        ? "attention"
                                        : "attention (no font here has all letters)")
                        .build();
        Font f = font.orElse(new Font(Font.SANS_SERIF, Font.PLAIN, FONT));
        chart.getStyler()
                .setMin(0)
                .setMax(1)
                .setRangeColors(new Color[] {Color.WHITE, new Color(0x08306B)});
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setAxisTickLabelsFont(f);
        chart.getStyler().setShowValue(false);
        // Every word gets its label.
        chart.getStyler().setXAxisLabelRotation(45);
        chart.getStyler().setXAxisTickMarkSpacingHint(CELL / 2);
        chart.getStyler().setYAxisTickMarkSpacingHint(CELL / 2);
        // XChart draws its first row at the bottom; a translation is read from the top.
        List<Number[]> cells = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            for (int j = 0; j < columns.size(); j++) {
                cells.add(new Number[] {j, rows.size() - 1 - i, weights[i][j]});
            }
        }
        chart.addSeries(
                "weight",
                labels(columns, font.isPresent()),
                labels(rows, font.isPresent()).reversed(),
                cells);
        shown[0] = font.isPresent();
        return BitmapEncoder.getBufferedImage(chart);
    }

    /**
     * A matrix of counts as a PNG file, such as a confusion matrix: a row for each true class from
     * the top, a column for each answer; shades are parts of a row, the numbers are written in.
     *
     * @param counts [rows][columns], as many as there are names
     * @return whether this machine can draw; where not, a warning is logged and there is no file
     */
    public static boolean counts(Path file, String title, List<String> names, int[][] counts) {
        boolean square = counts.length == names.size() && counts.length > 0;
        for (int[] row : counts) {
            square &= row.length == names.size();
        }
        if (!square) {
            throw new TataraException(
                    "matrix plot: given " + counts.length + " rows for " + names.size() + " names");
        }
        return drawn(file, () -> new CountsPicture(title, names, counts).draw());
    }

    /** Labels must differ even where a word stands twice: blanks behind do not show. */
    private static List<String> labels(List<String> words, boolean shown) {
        List<String> labels = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            String label = shown ? words.get(i) : (i + 1) + " " + words.get(i);
            while (labels.contains(label)) {
                label += " ";
            }
            labels.add(label);
        }
        return labels;
    }

    /** A picture is never worth a run: machines without fonts train as well. */
    static boolean drawn(Path file, Supplier<BufferedImage> picture) {
        BufferedImage image;
        try {
            image = picture.get();
        } catch (RuntimeException | LinkageError | InternalError e) {
            // AWT without fontconfig, freetype or any font fails in one of many ways.
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0} is not drawn: this machine cannot (are fontconfig and a font installed?): {1}",
                    file,
                    e);
            return false;
        }
        write(file, image);
        return true;
    }

    private static void write(Path file, BufferedImage image) {
        try {
            ImageIO.write(image, "png", file.toFile());
        } catch (IOException e) {
            throw new TataraException("picture " + file + " cannot be written: " + e, e);
        }
    }
}
