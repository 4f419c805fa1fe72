package io.tatara.bench.measure;

import io.tatara.kernels.TataraException;
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

/** The picture of a result: for each case how much of its roof was reached, the roof as a line. */
public final class BarChart {
    private static final Color BAR = new Color(0x2f6db3);
    private static final int ROW = 24;
    private static final Font LABELS = new Font(Font.SANS_SERIF, Font.PLAIN, 12);

    private BarChart() {}

    /**
     * @return whether there was anything to draw
     */
    public static boolean write(BenchResult r, Path png) {
        List<Measurement> shown = r.cases().stream().filter(m -> m.ofRoof() > 0).toList();
        if (shown.isEmpty()) {
            return false;
        }
        HorizontalBarChart chart =
                new HorizontalBarChartBuilder()
                        .width(1100)
                        .height(160 + ROW * shown.size())
                        .title(
                                r.device().name()
                                        + ": % of the measured roof, "
                                        + r.date().substring(0, 10))
                        .xAxisTitle("% of roof")
                        .build();
        List<String> labels = new ArrayList<>();
        List<Double> percents = new ArrayList<>();
        double most = 100;
        for (Measurement m : shown.reversed()) { // the chart's first row is its lowest
            labels.add(m.op() + " " + m.name() + " (" + m.rate() + ", " + m.roof() + ")");
            double percent = Math.round(m.ofRoof() * 1000) / 10.0;
            most = Math.max(most, percent);
            percents.add(percent);
        }
        chart.addSeries("% of roof", percents, labels).setFillColor(BAR);
        chart.getStyler().setXAxisMin(0.0);
        chart.getStyler().setXAxisMax(Math.max(105, most * 1.05));
        chart.getStyler().setLegendVisible(false);
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setAxisTickLabelsFont(LABELS);
        // Of the rows, in spite of its name: every one gets its label.
        chart.getStyler().setXAxisTickMarkSpacingHint(ROW);
        chart.getStyler().setAvailableSpaceFill(0.7);
        chart.addAnnotation(new AnnotationLine(100, true, false));
        try {
            Files.createDirectories(png.toAbsolutePath().getParent());
            ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", png.toFile());
            return true;
        } catch (IOException e) {
            throw new TataraException("cannot write " + png + ": " + e.getMessage(), e);
        }
    }
}
