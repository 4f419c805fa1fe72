package io.tatara.bench.peers;

import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.knowm.xchart.AnnotationLine;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.HorizontalBarChart;
import org.knowm.xchart.HorizontalBarChartBuilder;

/** The picture of a comparison: our speed as a part of each peer's, one as a line. */
final class PeerChart {
    private static final Color[] BARS = {
        new Color(0xd98c3f),
        new Color(0x2f6db3),
        new Color(0x6aa84f),
        new Color(0x8e6bb0),
        new Color(0x999999),
        new Color(0xc0504d)
    };

    /** Longer bars would make the rest unreadable. */
    private static final double MOST = 4;

    private PeerChart() {}

    /**
     * @return empty where the picture was written, else why not
     */
    static String write(PeerResult r, Path png) {
        List<PeerResult.Entry> shown =
                r.entries().stream()
                        .filter(e -> e.busy() == 0 && e.of(Contestants.JVM) != null)
                        .filter(e -> Goals.best(e) != null)
                        .toList();
        if (shown.isEmpty()) {
            return "there is nothing to compare";
        }
        try {
            Files.createDirectories(png.toAbsolutePath().getParent());
            ImageIO.write(BitmapEncoder.getBufferedImage(chart(r, shown)), "png", png.toFile());
            return "";
        } catch (IOException e) {
            return "cannot write " + png + ": " + e.getMessage();
        } catch (RuntimeException | LinkageError | InternalError e) {
            // AWT without fontconfig, freetype or any font fails in one of many ways.
            return "this machine cannot draw (are fontconfig and a font installed?): " + e;
        }
    }

    private static HorizontalBarChart chart(PeerResult r, List<PeerResult.Entry> shown) {
        HorizontalBarChart chart =
                new HorizontalBarChartBuilder()
                        .width(1100)
                        .height(160 + 60 * shown.size())
                        .title(
                                "our speed / the peer's, bars end at 4, "
                                        + r.date().substring(0, 10))
                        .xAxisTitle("right of the line we are faster")
                        .build();
        List<String> labels = new ArrayList<>();
        for (PeerResult.Entry e : shown.reversed()) { // the chart's first row is its lowest
            labels.add(e.name() + ", " + e.threads() + (e.threads() == 1 ? " thread" : " threads"));
        }
        for (int p = 0; p < Contestants.ALL.size(); p++) {
            List<Double> bars = new ArrayList<>();
            for (PeerResult.Entry e : shown.reversed()) {
                PeerResult.Figure theirs = e.of(Contestants.ALL.get(p));
                double ours = e.of(Contestants.JVM).median();
                bars.add(theirs == null ? 0 : Math.min(MOST, theirs.median() / ours));
            }
            String title = Contestants.title(Contestants.ALL.get(p));
            chart.addSeries(title, bars, labels).setFillColor(BARS[p]);
        }
        chart.getStyler().setXAxisMin(0.0);
        chart.getStyler().setXAxisMax(MOST);
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
        // Of the rows, in spite of its name: every one gets its label.
        chart.getStyler().setXAxisTickMarkSpacingHint(60);
        chart.getStyler().setAvailableSpaceFill(0.8);
        chart.addAnnotation(new AnnotationLine(1, true, false));
        return chart;
    }
}
