package io.tatara.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.PtxIndex;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class PrecompiledPtxTest {
    private static final GpuProgram A = GpuProgram.of("a", "void a();", "N", 1);
    private static final GpuProgram B = GpuProgram.of("a", "void a();", "N", 2);
    private static final GpuProgram C = GpuProgram.of("a", "void a();", "N", 3);

    static byte[] xz(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (XZOutputStream out = new XZOutputStream(bytes, new LZMA2Options())) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Resources, and how often each was asked for. */
    private static final class Files extends ClassLoader {
        private final Map<String, byte[]> files = new HashMap<>();
        private final Map<String, Integer> asked = new HashMap<>();

        Files() {
            super(null);
        }

        @Override
        public InputStream getResourceAsStream(String name) {
            asked.merge(name, 1, Integer::sum);
            byte[] file = files.get(name);
            return file == null ? null : new ByteArrayInputStream(file);
        }
    }

    private static Files files(String index) {
        Files f = new Files();
        f.files.put(PtxIndex.RESOURCE, index.getBytes(StandardCharsets.UTF_8));
        return f;
    }

    private static String text(PrecompiledPtx ptx, GpuProgram p, int arch) {
        return new String(ptx.get(p, arch).orElseThrow(), StandardCharsets.UTF_8);
    }

    @Test
    void takesEachProgramOutOfItsFile() {
        Files f =
                files(
                        PtxIndex.key(A)
                                + " 75 p0.xz 0 5\n"
                                + PtxIndex.key(A)
                                + " 90a p1.xz 0 4\n"
                                + PtxIndex.key(B)
                                + " 80 p0.xz 5 6\n");
        f.files.put(PtxIndex.FOLDER + "p0.xz", xz("first" + "second"));
        f.files.put(PtxIndex.FOLDER + "p1.xz", xz("mine"));
        PrecompiledPtx ptx = PrecompiledPtx.packed(f).orElseThrow();
        assertThat(ptx.size()).isEqualTo(3);
        assertThat(text(ptx, A, 80)).isEqualTo("first");
        assertThat(text(ptx, B, 80)).isEqualTo("second");
        assertThat(text(ptx, A, 90)).isEqualTo("mine");
        assertThat(ptx.get(B, 75)).isEmpty();
        assertThat(ptx.holds(B, 75)).isFalse();
        assertThat(ptx.holds(B, 120)).isTrue();
        assertThat(ptx.holds(C, 120)).isFalse();
        assertThat(f.asked.get(PtxIndex.FOLDER + "p0.xz")).isEqualTo(1);
    }

    /** A damaged jar is as good as none: the portable kernel or NVRTC is another way. */
    @Test
    void whatIsDamagedIsNotThere() {
        Files f =
                files(
                        PtxIndex.key(A)
                                + " 75 p0.xz 2 4\n"
                                + PtxIndex.key(B)
                                + " 75 p1.xz 0 3\n"
                                + PtxIndex.key(C)
                                + " 75 p2.xz 0 3\n");
        f.files.put(PtxIndex.FOLDER + "p0.xz", xz("short"));
        byte[] cut = xz("a text that is cut off");
        f.files.put(PtxIndex.FOLDER + "p1.xz", Arrays.copyOf(cut, cut.length - 9));
        PrecompiledPtx ptx = PrecompiledPtx.packed(f).orElseThrow();
        assertThat(ptx.get(A, 75)).isEmpty();
        assertThat(ptx.get(B, 75)).isEmpty();
        assertThat(ptx.get(C, 75)).isEmpty();
        assertThat(PrecompiledPtx.packed(files("no index"))).isEmpty();
        assertThat(PrecompiledPtx.packed(files("# nothing\n"))).isEmpty();
        assertThat(PrecompiledPtx.packed(new Files())).isEmpty();
    }
}
