package io.tatara.runtime.cuda;

import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.PtxIndex;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.SoftReference;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.tukaani.xz.XZInputStream;

/** PTX that was packed into the jar, for machines without NVRTC. */
final class PrecompiledPtx {
    private static final System.Logger LOG = System.getLogger(PrecompiledPtx.class.getName());

    private final ClassLoader loader;
    private final PtxIndex index;

    /** What files hold: programs of one source are asked for one after the other. */
    private final Map<String, SoftReference<byte[]>> files = new ConcurrentHashMap<>();

    private PrecompiledPtx(ClassLoader loader, PtxIndex index) {
        this.loader = loader;
        this.index = index;
    }

    /** What the kernels' jar holds; empty where it was packaged without. */
    static Optional<PrecompiledPtx> packed() {
        return packed(PtxIndex.class.getClassLoader());
    }

    static Optional<PrecompiledPtx> packed(ClassLoader loader) {
        try (InputStream in = loader.getResourceAsStream(PtxIndex.RESOURCE)) {
            if (in == null) {
                return Optional.empty();
            }
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            PtxIndex index = PtxIndex.parse(text);
            return index.entries().isEmpty()
                    ? Optional.empty()
                    : Optional.of(new PrecompiledPtx(loader, index));
        } catch (IOException | IllegalArgumentException e) {
            LOG.log(System.Logger.Level.WARNING, "the precompiled PTX cannot be read", e);
            return Optional.empty();
        }
    }

    /** Number of programs, each counted once per architecture. */
    int size() {
        return index.entries().size();
    }

    /** Whether there is PTX of a program for this compute capability (× 10). */
    boolean holds(GpuProgram program, int arch) {
        return index.find(PtxIndex.key(program), arch).isPresent();
    }

    /** A program's PTX for this compute capability (× 10). */
    Optional<byte[]> get(GpuProgram program, int arch) {
        return index.find(PtxIndex.key(program), arch).flatMap(this::read);
    }

    private Optional<byte[]> read(PtxIndex.Entry e) {
        SoftReference<byte[]> known = files.get(e.file());
        byte[] all = known == null ? null : known.get();
        if (all == null) {
            all = unpack(e.file());
            if (all == null) {
                return Optional.empty();
            }
            files.put(e.file(), new SoftReference<>(all));
        }
        if (e.offset() > all.length - e.length()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "the PTX index names bytes of {0} that it does not hold",
                    e.file());
            return Optional.empty();
        }
        return Optional.of(Arrays.copyOfRange(all, e.offset(), e.offset() + e.length()));
    }

    /** What a file holds; null where it cannot be read. */
    private byte[] unpack(String file) {
        try (InputStream in = loader.getResourceAsStream(PtxIndex.FOLDER + file)) {
            if (in == null) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "the PTX index names {0}, which is not in the jar",
                        file);
                return null;
            }
            try (XZInputStream unpacked = new XZInputStream(in)) {
                return unpacked.readAllBytes();
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "the precompiled PTX cannot be read", e);
            return null;
        }
    }
}
