package io.tatara.models.plot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.TataraException;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlotsTest {
    @TempDir Path dir;

    @Test
    void curvesStandBelowEachOther() throws Exception {
        Path file = dir.resolve("c.png");
        Plots.curves(
                file,
                List.of(
                        new Plots.Curves("loss", "nats", Map.of("train", List.of(3.0, 2.0, 1.5))),
                        new Plots.Curves("BLEU", "BLEU", Map.of("dev", List.of(1.0)))));
        BufferedImage image = ImageIO.read(file.toFile());
        assertThat(image.getHeight()).isEqualTo(800);
    }

    @Test
    void aMachineThatCannotDrawLosesNothingElse() {
        Path file = dir.resolve("none.png");
        boolean drawn =
                Plots.drawn(
                        file,
                        () -> {
                            throw new IllegalStateException("no fonts");
                        });
        assertThat(drawn).isFalse();
        assertThat(file).doesNotExist();
    }

    @Test
    void countsAreDarkOnTheDiagonalOfAGoodClassifier() throws Exception {
        Path file = dir.resolve("m.png");
        Plots.counts(file, "good", List.of("a", "b"), new int[][] {{9, 0}, {0, 5}});
        int good = dark(ImageIO.read(file.toFile()));
        Plots.counts(file, "bad", List.of("a", "b"), new int[][] {{3, 6}, {2, 3}});
        assertThat(good).isGreaterThan(2 * 40 * 40);
        assertThat(dark(ImageIO.read(file.toFile()))).isZero();
        assertThatThrownBy(() -> Plots.counts(file, "", List.of("a"), new int[][] {{1, 2}, {3, 4}}))
                .isInstanceOf(TataraException.class);
    }

    private static int dark(BufferedImage image) {
        int dark = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                dark += (image.getRGB(x, y) & 0xFFFFFF) == 0x08306B ? 1 : 0;
            }
        }
        return dark;
    }

    @Test
    void attentionIsDarkWhereItLooks() throws Exception {
        Path file = dir.resolve("a.png");
        float[][] weights = {{1, 0, 0}, {0, 0, 1}};
        assertThat(Plots.attention(file, List.of("x", "x"), List.of("a", "b", "a"), weights))
                .isTrue();
        BufferedImage image = ImageIO.read(file.toFile());
        int dark = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                dark += (image.getRGB(x, y) & 0xFFFFFF) == 0x08306B ? 1 : 0;
            }
        }
        // Two of six cells.
        assertThat(dark).isGreaterThan(1000);
    }

    @Test
    void lettersWithoutAFontAreDrawnAllTheSame() throws Exception {
        Path file = dir.resolve("j.png");
        // A private-use letter that no font has.
        assertThat(Plots.attention(file, List.of("\uE123"), List.of("school"), new float[][] {{1}}))
                .isFalse();
        assertThat(ImageIO.read(file.toFile())).isNotNull();
    }

    @Test
    void wordsAndWeightsMustFit() {
        assertThatThrownBy(() ->
                        Plots.attention(
                                dir.resolve("x"), List.of("a"), List.of("b"), new float[0][]))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("0 rows");
    }
}
