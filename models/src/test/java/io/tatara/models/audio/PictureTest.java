package io.tatara.models.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.TataraException;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PictureTest {
    @TempDir private Path folder;

    private static Sound tones(int rate, int n, double... hertz) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            double f = hertz[(int) ((long) i * hertz.length / n)];
            x[i] = (float) (0.5 * Math.sin(2 * Math.PI * f * i / rate));
        }
        return new Sound(x, rate);
    }

    /**
     * A sine of whole periods has all its power at one frequency, and in its window's neighbours.
     */
    @Test
    void spectrumOfASine() {
        double[] power = new Spectrum(64).power(tones(64, 64, 5).samples(), 0);
        assertThat(power).hasSize(33);
        // A Hann window of 64 has the sum 32: half of the sine's 0.5 · 32 on each side.
        assertThat(power[5]).isCloseTo(64, within(1e-3));
        assertThat(power[4]).isCloseTo(16, within(1e-3));
        assertThat(power[6]).isCloseTo(16, within(1e-3));
        assertThat(power[9] + power[20]).isLessThan(1e-6);
        assertThat(new Spectrum(64).power(new float[3], 2)).containsOnly(0);
    }

    /** The tone is dark at its height, first low, then high. */
    @Test
    void pictureShowsTheTones() throws Exception {
        Path file = folder.resolve("new/tones.png");
        SoundPicture.write(file, tones(8000, 4000, 1000, 3000));
        BufferedImage image = ImageIO.read(Files.newInputStream(file));
        int height = image.getHeight();
        assertThat(brightness(image, 300, height - 1 - 64)).isLessThan(200);
        assertThat(brightness(image, 300, height - 1 - 192)).isGreaterThan(600);
        assertThat(brightness(image, 900, height - 1 - 192)).isLessThan(200);
        assertThat(brightness(image, 900, height - 1 - 64)).isGreaterThan(600);
        SoundPicture.write(file, new Sound(new float[1], 8000));
        SoundPicture.write(file, new Sound(new float[0], 8000));
        image = ImageIO.read(Files.newInputStream(file));
        assertThat(brightness(image, 600, 80)).isEqualTo(3 * 255);
        Path flat = Files.writeString(folder.resolve("flat"), "");
        assertThatThrownBy(() -> SoundPicture.write(flat.resolve("a.png"), tones(8000, 10, 1)))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("a.png");
    }

    private static int brightness(BufferedImage image, int x, int y) {
        int rgb = image.getRGB(x, y);
        return (rgb >> 16 & 255) + (rgb >> 8 & 255) + (rgb & 255);
    }

    /** The same tones said slower, softer and with silence around are nearer than others. */
    @Test
    void cepstraAreNearerForTheSameSound() {
        float[][] a = Cepstra.of(tones(8000, 4000, 500, 1500, 800));
        float[] late = new float[9000];
        float[] slow = tones(8000, 6000, 500, 1500, 800).samples();
        for (int i = 0; i < slow.length; i++) {
            late[2000 + i] = 0.3f * slow[i];
        }
        float[][] same = Cepstra.of(new Sound(late, 8000));
        float[][] other = Cepstra.of(tones(8000, 4000, 800, 500, 1500));
        assertThat(TimeWarping.distance(a, a)).isZero();
        assertThat(TimeWarping.distance(a, same)).isLessThan(0.5 * TimeWarping.distance(a, other));
        assertThat(TimeWarping.distance(other, a))
                .isCloseTo(TimeWarping.distance(a, other), within(1e-4));
        assertThat(Cepstra.of(new Sound(new float[5], 8000)).length).isEqualTo(1);
    }

    @Test
    void soundsAreJoined() {
        Sound a = new Sound(new float[] {1, 2}, 8000);
        assertThat(Sound.joined(java.util.List.of(a, a)).samples()).containsExactly(1, 2, 1, 2);
        assertThatThrownBy(() -> Sound.joined(java.util.List.of(a, new Sound(new float[1], 1))))
                .isInstanceOf(TataraException.class);
        assertThatThrownBy(() -> Sound.joined(java.util.List.of()))
                .isInstanceOf(TataraException.class);
        assertThatThrownBy(() -> new Sound(new float[1], 0)).isInstanceOf(TataraException.class);
    }
}
