package io.tatara.models.audio;

import io.tatara.kernels.TataraException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import javax.sound.sampled.AudioFileFormat;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.UnsupportedAudioFileException;

/**
 * WAV files (RIFF WAVE), by {@link javax.sound.sampled}: PCM of 8, 16, 24 or 32 bits, 32- or 64-bit
 * floats, A-law and µ-law are read, any number of channels mixed down to one; 16-bit PCM is
 * written.
 */
public final class Wav {
    private static final int LEAST = 12;

    private Wav() {}

    /**
     * Reads a whole file; the mean of its channels, integers divided by the magnitude of the least.
     *
     * @throws TataraException naming the file, if it cannot be read, is no WAV file, is of an
     *     encoding that is not supported, or ends before its header says
     */
    public static Sound read(Path file) {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new TataraException("file " + file + " cannot be read: " + e, e);
        }
        if (bytes.length < LEAST || !tag(bytes, 0, "RIFF") || !tag(bytes, 8, "WAVE")) {
            throw bad(file, "is no WAV file: it does not begin as RIFF WAVE", null);
        }
        try (AudioInputStream in =
                AudioSystem.getAudioInputStream(new ByteArrayInputStream(bytes))) {
            return decode(file, in);
        } catch (UnsupportedAudioFileException | IOException | IllegalArgumentException e) {
            throw bad(file, "is no WAV file that can be read: " + e.getMessage(), e);
        }
    }

    private static boolean tag(byte[] bytes, int at, String tag) {
        for (int i = 0; i < tag.length(); i++) {
            if (bytes[at + i] != tag.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static TataraException bad(Path file, String what, Exception cause) {
        return new TataraException("file " + file + " " + what, cause);
    }

    private static Sound decode(Path file, AudioInputStream in) throws IOException {
        AudioFormat f = in.getFormat();
        AudioFormat.Encoding encoding = f.getEncoding();
        if (encoding.equals(AudioFormat.Encoding.ULAW)
                || encoding.equals(AudioFormat.Encoding.ALAW)) {
            AudioInputStream linear =
                    AudioSystem.getAudioInputStream(AudioFormat.Encoding.PCM_SIGNED, in);
            return decode(file, linear);
        }
        int channels = f.getChannels();
        int bits = f.getSampleSizeInBits();
        boolean real = encoding.equals(AudioFormat.Encoding.PCM_FLOAT);
        boolean signed = encoding.equals(AudioFormat.Encoding.PCM_SIGNED);
        boolean known =
                real
                        ? bits == 32 || bits == 64
                        : (signed || encoding.equals(AudioFormat.Encoding.PCM_UNSIGNED))
                                && (bits == 8 || bits == 16 || bits == 24 || bits == 32);
        int rate = Math.round(f.getSampleRate());
        if (!known || channels < 1 || rate < 1) {
            throw bad(
                    file,
                    "is of an encoding that is not supported: "
                            + f
                            + "; 8, 16, 24 and 32-bit PCM, 32 and 64-bit floats, A-law and µ-law are",
                    null);
        }
        byte[] data = in.readAllBytes();
        int frame = channels * bits / 8;
        long frames = in.getFrameLength();
        if (data.length % frame != 0 || (frames >= 0 && data.length / frame < frames)) {
            throw bad(
                    file,
                    "is cut off: it has "
                            + data.length
                            + " bytes of "
                            + frames * frame
                            + " of sound",
                    null);
        }
        ByteBuffer b = ByteBuffer.wrap(data);
        b.order(f.isBigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        float[] samples = new float[data.length / frame];
        for (int i = 0; i < samples.length; i++) {
            double sum = 0;
            for (int c = 0; c < channels; c++) {
                sum += real ? real(b, bits) : whole(b, bits, signed);
            }
            samples[i] = (float) (sum / channels);
            if (!Float.isFinite(samples[i])) {
                throw bad(file, "has a sample that is no number, at " + i, null);
            }
        }
        return new Sound(samples, rate);
    }

    private static double real(ByteBuffer b, int bits) {
        return bits == 32 ? b.getFloat() : b.getDouble();
    }

    private static double whole(ByteBuffer b, int bits, boolean signed) {
        long v =
                switch (bits) {
                    case 8 -> b.get();
                    case 16 -> b.getShort();
                    case 24 -> three(b);
                    default -> b.getInt();
                };
        double most = 1L << (bits - 1);
        return signed ? v / most : ((v & (2L * (long) most - 1)) - most) / most;
    }

    private static int three(ByteBuffer b) {
        int x = b.get() & 255;
        int y = b.get() & 255;
        int z = b.get() & 255;
        boolean big = b.order() == ByteOrder.BIG_ENDIAN;
        int high = big ? x : z;
        int low = big ? z : x;
        return (byte) high << 16 | y << 8 | low;
    }

    /**
     * Writes 16-bit PCM, whole or not at all; samples outside of -1 … 1 are clipped.
     *
     * @throws TataraException naming the file, if it cannot be written
     */
    public static void write(Path file, Sound sound) {
        byte[] bytes = new byte[2 * sound.samples().length];
        ByteBuffer b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (float s : sound.samples()) {
            b.putShort((short) Math.clamp(Math.round(s * 32768.0), -32768L, 32767L));
        }
        AudioFormat format = new AudioFormat(sound.rate(), 16, 1, true, false);
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try (AudioInputStream in =
                new AudioInputStream(
                        new ByteArrayInputStream(bytes), format, sound.samples().length)) {
            if (file.toAbsolutePath().getParent() != null) {
                Files.createDirectories(file.toAbsolutePath().getParent());
            }
            AudioSystem.write(in, AudioFileFormat.Type.WAVE, part.toFile());
            Files.move(
                    part,
                    file,
                    StandardCopyOption.REPLACE_EXISTING,
                    StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new TataraException("file " + file + " cannot be written: " + e, e);
        }
    }
}
