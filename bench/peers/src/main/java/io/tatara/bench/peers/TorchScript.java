package io.tatara.bench.peers;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a TorchScript archive of one module without parameters from the text of its methods: the
 * only way from the JVM to what PyTorch's Java binding has no method for. The archive is a zip with
 * the source, a pickle that makes one object of the class, no constants and a format version.
 */
final class TorchScript {
    /** Written since PyTorch 1.13. */
    private static final String FORMAT = "10\n";

    /** Pickle of an instance of __torch__.M whose only attribute is training = True. */
    private static final String OBJECT =
            "\u0080\u0002c__torch__\nM\n)\u0081}X\b\0\0\0training\u0088sb.";

    private static final String NO_CONSTANTS = "\u0080\u0002).";

    private TorchScript() {}

    /**
     * @param methods definitions whose first parameter is {@code self}, not indented
     */
    static byte[] archive(String methods) {
        StringBuilder code = new StringBuilder("class M(Module):\n");
        code.append("  __parameters__ = []\n  __buffers__ = []\n  training : bool\n");
        methods.strip()
                .replace("(self,", "(self: __torch__.M,")
                .lines()
                .forEach(l -> code.append("  ").append(l).append('\n'));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            entry(zip, "data.pkl", OBJECT.getBytes(StandardCharsets.ISO_8859_1));
            entry(zip, "code/__torch__.py", code.toString().getBytes(StandardCharsets.UTF_8));
            entry(zip, "constants.pkl", NO_CONSTANTS.getBytes(StandardCharsets.ISO_8859_1));
            entry(zip, "version", FORMAT.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /** Stored, as PyTorch's reader wants it. */
    private static void entry(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
        ZipEntry e = new ZipEntry("m/" + name);
        CRC32 crc = new CRC32();
        crc.update(bytes);
        e.setMethod(ZipEntry.STORED);
        e.setSize(bytes.length);
        e.setCrc(crc.getValue());
        zip.putNextEntry(e);
        zip.write(bytes);
        zip.closeEntry();
    }
}
