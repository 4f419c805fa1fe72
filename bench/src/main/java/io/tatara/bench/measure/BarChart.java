package io.tatara.bench.measure;

import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.imageio.ImageIO;
import org.knowm.xchart.AnnotationLine;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.HorizontalBarChart;
import org.knowm.xchart.HorizontalBarChartBuilder;

/**
 * The picture of a result: for each case how much of its roof was reached, by us and by peers, the
 * roof as a line.
 */
public final class BarChart {
    private static final Color[] BARS = {
        new Color(0x2f6db3),
        new Color(0xd98c3f),
        new Color(0x6aa84f),
        new Color(0x8e6bb0),
        new Color(0x999999)
    };
    private static final int ROW = 24;
    private static final Font LABELS = new Font(Font.SANS_SERIF, Font.PLAIN, 12);

    private BarChart() {}

    /** Rows beyond these would make a picture that nobody can open. */
    private static final int MOST = 150;

    /**
     * Draws the bars: ours, and those of peers below them.
     *
     * @return empty where the picture was written, else why not: nothing to draw, or no fonts on
     *     this machine; a measurement is never lost for want of its picture
     */
    public static String write(BenchResult r, Path png) {
        List<Measurement> all = r.cases().stream().filter(m -> m.ofRoof() > 0).toList();
        if (all.isEmpty()) {
            return "nothing was measured against a roof";
        }
        List<Measurement> shown = all.subList(0, Math.min(MOST, all.size()));
        try {
            Files.createDirectories(png.toAbsolutePath().getParent());
            HorizontalBarChart chart = chart(r, shown, all.size());
            ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", png.toFile());
            return "";
        } catch (IOException e) {
            return "cannot write " + png + ": " + e.getMessage();
        } catch (RuntimeException | LinkageError | InternalError e) {
            // AWT without fontconfig, freetype or any font fails in one of many ways.
            return "this machine cannot draw (are fontconfig and a font installed?): " + e;
        }
    }

    private static HorizontalBarChart chart(BenchResult r, List<Measurement> shown, int all) {
        Set<String> peers = Markdown.names(shown);
        int row = ROW + 9 * peers.size();
        String title = r.device().name() + ": % of the measured roof, " + r.date().substring(0, 10);
        if (shown.size() < all) {
            title += ", the first " + shown.size() + " of " + all + " cases";
        }
        HorizontalBarChart chart =
                new HorizontalBarChartBuilder()
                        .width(1100)
                        .height(160 + row * shown.size())
                        .title(title)
                        .xAxisTitle("% of roof")
                        .build();
        List<String> labels = new ArrayList<>();
        List<Double> ours = new ArrayList<>();
        double most = 100;
        for (Measurement m : shown.reversed()) { // the chart's first row is its lowest
            labels.add(m.op() + " " + m.name() + " (" + m.rate() + ", " + m.roof() + ")");
            ours.add(percent(m.ofRoof()));
            most = Math.max(most, ours.getLast());
        }
        chart.addSeries("ours", ours, labels).setFillColor(BARS[0]);
        int color = 0;
        for (String peer : peers) {
            List<Double> theirs = new ArrayList<>();
            for (Measurement m : shown.reversed()) {
                theirs.add(percent(ofRoof(m, peer)));
                most = Math.max(most, theirs.getLast());
            }
            color = color % (BARS.length - 1) + 1;
            chart.addSeries(peer, theirs, labels).setFillColor(BARS[color]);
        }
        chart.getStyler().setXAxisMin(0.0);
        chart.getStyler().setXAxisMax(Math.max(105, most * 1.05));
        chart.getStyler().setLegendVisible(!peers.isEmpty());
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setAxisTickLabelsFont(LABELS);
        // Of the rows, in spite of its name: every one gets its label.
        chart.getStyler().setXAxisTickMarkSpacingHint(row);
        chart.getStyler().setAvailableSpaceFill(0.7);
        chart.addAnnotation(new AnnotationLine(100, true, false));
        return chart;
    }

    private static double percent(double part) {
        return Math.round(part * 1000) / 10.0;
    }

    /** The part of the roof that a peer reached; 0 where it has no time. */
    private static double ofRoof(Measurement m, String peer) {
        return m.peers().stream()
                .filter(p -> p.name().equals(peer) && p.ratio() > 0)
                .mapToDouble(p -> m.ofRoof() / p.ratio())
                .findFirst()
                .orElse(0);
    }
}
