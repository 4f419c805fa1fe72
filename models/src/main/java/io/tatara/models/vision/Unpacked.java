package io.tatara.models.vision;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** A file, unpacked where its name ends in {@code .gz} or {@code .tgz}. */
final class Unpacked {
    /** What reads a stream. */
    interface Reader<T> {
        T read(InputStream in) throws IOException;
    }

    private Unpacked() {}

    static <T> T read(Path file, Reader<T> reader) {
        String name = file.getFileName().toString();
        boolean packed = name.endsWith(".gz") || name.endsWith(".tgz");
        try (InputStream raw = Files.newInputStream(file);
                InputStream in =
                        packed
                                ? new GZIPInputStream(raw, 1 << 16)
                                : new BufferedInputStream(raw, 1 << 16)) {
            T result = reader.read(in);
            if (packed) {
                // The check sum stands at the end, behind what a tar file is padded with.
                in.transferTo(OutputStream.nullOutputStream());
            }
            return result;
        } catch (EOFException e) {
            throw new ImageFormatException(file + " is cut short", e);
        } catch (ZipException e) {
            throw new ImageFormatException(file + " is damaged: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new ImageFormatException(file + " cannot be read: " + e.getMessage(), e);
        } catch (ImageFormatException e) {
            throw new ImageFormatException(file + ": " + e.getMessage(), e);
        }
    }

    /** Exactly n bytes. */
    static byte[] bytes(InputStream in, int n) throws IOException {
        // Not readNBytes(n) at once: a header that lies must not reserve what the file lacks.
        byte[] b = in.readNBytes(n);
        if (b.length < n) {
            throw new ImageFormatException(
                    "cut short: " + b.length + " of " + n + " bytes are there");
        }
        return b;
    }

    /** All that is left, if that is no more than {@code most} bytes. */
    static byte[] all(InputStream in, int most) throws IOException {
        byte[] b = in.readNBytes(most + 1);
        if (b.length > most) {
            throw new ImageFormatException("more than " + most + " bytes");
        }
        return b;
    }

    static void end(InputStream in) throws IOException {
        if (in.read() >= 0) {
            throw new ImageFormatException("there is more behind what its header tells of");
        }
    }
}
