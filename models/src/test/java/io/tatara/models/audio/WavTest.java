package io.tatara.models.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.TataraException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WavTest {
    private static final int PCM = 1;
    private static final int FLOAT = 3;
    private static final int A_LAW = 6;
    private static final int MU_LAW = 7;

    @TempDir private Path folder;

    /** A WAV file, byte by byte as its specification has it. */
    private static byte[] file(int format, int channels, int rate, int bits, byte[] sound) {
        int frame = channels * bits / 8;
        ByteBuffer b = ByteBuffer.allocate(44 + sound.length).order(ByteOrder.LITTLE_ENDIAN);
        b.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + sound.length);
        b.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
        b.putShort((short) format).putShort((short) channels).putInt(rate);
        b.putInt(rate * frame).putShort((short) frame).putShort((short) bits);
        b.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(sound.length).put(sound);
        return b.array();
    }

    private Path write(byte[] bytes) throws Exception {
        return Files.write(folder.resolve("sound.wav"), bytes);
    }

    /** The bytes of samples, of a sine with a jump in it, in each encoding. */
    private static byte[] encoded(float[] x, int format, int bits) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (float s : x) {
            ByteBuffer b = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            if (format == FLOAT && bits == 32) {
                b.putFloat(s);
            } else if (format == FLOAT) {
                b.putDouble(s);
            } else {
                long v = Math.round(s * (double) (1L << (bits - 1)));
                b.putLong(bits == 8 ? v + 128 : v);
            }
            out.write(b.array(), 0, bits / 8);
        }
        return out.toByteArray();
    }

    private static float[] wave(int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) (0.9 * Math.sin(0.1 * i + 0.3) * (i % 7 == 3 ? -0.5 : 1));
        }
        return x;
    }

    @ParameterizedTest
    @CsvSource({"1,8", "1,16", "1,24", "1,32", "3,32", "3,64"})
    void everyEncodingGivesItsSamples(int format, int bits) throws Exception {
        float[] x = wave(301);
        Sound s = Wav.read(write(file(format, 1, 11025, bits, encoded(x, format, bits))));
        assertThat(s.rate()).isEqualTo(11025);
        assertThat(s.samples()).hasSize(x.length);
        float step = format == FLOAT ? 0 : (float) Math.scalb(1.0, 1 - Math.min(bits, 24));
        for (int i = 0; i < x.length; i++) {
            assertThat(s.samples()[i]).isCloseTo(x[i], within(step));
        }
    }

    @Test
    void loudnessIsTheRootOfTheMeanSquare() {
        assertThat(new Sound(new float[] {0.3f, -0.3f, 0.5f, -0.1f}, 8).rms())
                .isCloseTo(Math.sqrt(0.11), within(1e-7));
        assertThat(new Sound(new float[0], 8).rms()).isZero();
    }

    @Test
    void channelsAreMixedDown() throws Exception {
        float[] x = {0.5f, -0.25f, -1, 0.5f, 0.25f, 0.75f};
        Sound s = Wav.read(write(file(PCM, 2, 8000, 16, encoded(x, PCM, 16))));
        assertThat(s.samples()).containsExactly(0.125f, -0.25f, 0.5f);
        s = Wav.read(write(file(FLOAT, 3, 8000, 32, encoded(x, FLOAT, 32))));
        assertThat(s.samples()).containsExactly(-0.25f, 0.5f);
    }

    /** Words of the tables in ITU-T G.711: 0x80 and 0xD5 are the largest, 0xFF and 0xD5 … zero. */
    @Test
    void telephoneEncodingsAreRead() throws Exception {
        byte[] mu = {(byte) 0x80, 0x00, (byte) 0xFF};
        float[] x = Wav.read(write(file(MU_LAW, 1, 8000, 8, mu))).samples();
        assertThat(x[0]).isEqualTo(32124f / 32768);
        assertThat(x[1]).isEqualTo(-32124f / 32768);
        assertThat(x[2]).isZero();
        byte[] a = {(byte) 0xAA, 0x2A};
        x = Wav.read(write(file(A_LAW, 1, 8000, 8, a))).samples();
        assertThat(x[0]).isEqualTo(32256f / 32768);
        assertThat(x[1]).isEqualTo(-32256f / 32768);
    }

    @Test
    void whatIsWrittenIsRead() throws Exception {
        float[] x = wave(99);
        x[5] = 3;
        x[6] = -3;
        Path file = folder.resolve("new/place/out.wav");
        Wav.write(file, new Sound(x, 16000));
        Sound s = Wav.read(file);
        assertThat(s.rate()).isEqualTo(16000);
        x[5] = 32767f / 32768;
        x[6] = -1;
        for (int i = 0; i < x.length; i++) {
            assertThat(s.samples()[i]).isCloseTo(x[i], within(0.5f / 32768 + 1e-7f));
        }
        assertThat(Files.list(file.getParent())).containsExactly(file);
        Wav.write(file, s);
        assertThat(Wav.read(file).samples()).isEqualTo(s.samples());
        Path blocked = Files.writeString(folder.resolve("flat"), "");
        assertThatThrownBy(() -> Wav.write(blocked.resolve("a.wav"), s))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("a.wav");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 11, 12, 30, 43, 44, 100, 643})
    void cutFilesAreRefused(int length) throws Exception {
        byte[] whole = file(PCM, 1, 8000, 16, encoded(wave(300), PCM, 16));
        Path file = write(java.util.Arrays.copyOf(whole, length));
        assertThatThrownBy(() -> Wav.read(file))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("sound.wav");
    }

    @Test
    void otherFilesAreRefused() throws Exception {
        assertThatThrownBy(() -> Wav.read(folder.resolve("none.wav")))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("none.wav");
        Path text = write("This is no sound at all, but text.".getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> Wav.read(text))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("RIFF");
        for (int[] f : new int[][] {{2, 1, 4}, {PCM, 0, 16}, {PCM, 1, 0}, {PCM, 1, 12}}) {
            Path odd = write(file(f[0], f[1], 8000, f[2], new byte[24]));
            assertThatThrownBy(() -> Wav.read(odd))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("sound.wav");
        }
        byte[] nan = encoded(new float[] {0, Float.NaN}, FLOAT, 32);
        Path bad = write(file(FLOAT, 1, 8000, 32, nan));
        assertThatThrownBy(() -> Wav.read(bad))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("no number, at 1");
    }

    /** A tone below both half rates stays the tone; one above the new half rate goes. */
    @ParameterizedTest
    @CsvSource({"8000,16000", "16000,8000", "44100,8000", "8000,11025", "8000,8000"})
    void otherRatesKeepTheTone(int from, int to) {
        Sound y = new Sound(tone(from / 2, 700, from), from).at(to);
        assertThat(y.rate()).isEqualTo(to);
        int n = (to + 1) / 2;
        assertThat(y.samples().length).isEqualTo(n);
        assertThat(farthest(y.samples(), tone(n, 700, to))).isLessThan(0.01);
        float[] high = new Sound(tone(22050, 6000, 44100), 44100).at(8000).samples();
        assertThat(farthest(high, new float[high.length])).isLessThan(0.01);
    }

    /** The largest difference, away from the ends. */
    private static double farthest(float[] x, float[] y) {
        double most = 0;
        for (int i = 400; i < x.length - 400; i++) {
            most = Math.max(most, Math.abs(x[i] - y[i]));
        }
        return most;
    }

    private static float[] tone(int n, double hertz, int rate) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) Math.sin(2 * Math.PI * hertz * i / rate);
        }
        return x;
    }
}
