package io.tatara.bench.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.gpu.PtxIndex;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tukaani.xz.XZInputStream;

/** With a stand-in for nvcc: a script that writes down what it was asked for. */
class PtxPackagerTest {
    private static final GpuProgram PORTABLE =
            GpuProgram.of("test/a.cl", "KERNEL void a(GLOBAL float* x) { x[0] = 1.0f; }\n");
    private static final GpuProgram HOPPER =
            new GpuProgram(
                    "test/b.cu",
                    "KERNEL void b(float* x) { x[0] = 1.0f; }\n",
                    PORTABLE.defines(),
                    List.of("warp.cuh", "tensor.cuh", "hopper.cuh"));

    @TempDir Path folder;

    private Path compiler(String body) throws IOException {
        Path script = folder.resolve("nvcc");
        Files.writeString(script, "#!/bin/sh\n" + body);
        assertThat(script.toFile().setExecutable(true)).isTrue();
        return script;
    }

    private Path jar() throws IOException {
        Path jar = folder.resolve("kernels.jar");
        try (FileSystem zip =
                FileSystems.newFileSystem(
                        URI.create("jar:" + jar.toUri()), Map.of("create", "true"))) {
            Files.writeString(zip.getPath("kept.txt"), "kept");
            Files.createDirectories(zip.getPath(PtxIndex.FOLDER));
            Files.writeString(zip.getPath(PtxIndex.FOLDER, "old.ptx"), "old");
        }
        return jar;
    }

    @Test
    void putsPtxAndIndexIntoTheJar() throws IOException {
        Path nvcc =
                compiler(
                        "for a; do case $a in -arch=*) arch=$a;; *.ptx) to=$a;; esac; done\n"
                                + "echo \"$arch\" > \"$to\"\n");
        Path jar = jar();
        new PtxPackager(nvcc).run(List.of(PORTABLE, HOPPER), jar, done -> {});
        try (FileSystem zip = FileSystems.newFileSystem(jar)) {
            assertThat(Files.readString(zip.getPath("kept.txt"))).isEqualTo("kept");
            assertThat(zip.getPath(PtxIndex.FOLDER, "old.ptx")).doesNotExist();
            PtxIndex index = PtxIndex.parse(Files.readString(zip.getPath(PtxIndex.RESOURCE)));
            assertThat(index.entries()).hasSize(2);
            assertThat(read(zip, index, PORTABLE, 120)).isEqualTo("-arch=compute_75\n");
            assertThat(read(zip, index, HOPPER, 90)).isEqualTo("-arch=compute_90a\n");
            assertThat(index.find(PtxIndex.key(HOPPER), 100)).isEmpty();
        }
    }

    /** Programs of one source lie in one file, and in several where they are many. */
    @Test
    void packsWhatIsAlikeTogether() throws IOException {
        Path nvcc =
                compiler(
                        "for a; do case $a in *.cu) from=$a;; *.ptx) to=$a;; esac; done\n"
                                + "for i in 1 2 3 4 5 6 7 8; do cat $from $from $from; done > $to\n");
        List<GpuProgram> programs = new ArrayList<>();
        String body = "KERNEL void a(GLOBAL float* x) { x[0] = N; }\n".repeat(1200);
        for (int i = 0; i < 8; i++) {
            programs.add(GpuProgram.of("test/" + (i == 3 ? "b" : "a") + ".cl", body, "N", i));
        }
        Path jar = jar();
        new PtxPackager(nvcc).run(programs, jar, done -> {});
        try (FileSystem zip = FileSystems.newFileSystem(jar)) {
            PtxIndex index = PtxIndex.parse(Files.readString(zip.getPath(PtxIndex.RESOURCE)));
            Set<String> files = new HashSet<>();
            for (GpuProgram p : programs) {
                String text = GpuSources.prologue(GpuTraits.Api.CUDA, p) + p.source();
                assertThat(read(zip, index, p, 90)).isEqualTo(text.repeat(24));
                files.add(index.find(PtxIndex.key(p), 90).orElseThrow().file());
            }
            String b = index.find(PtxIndex.key(programs.get(3)), 90).orElseThrow().file();
            assertThat(files).hasSizeBetween(3, 6);
            for (String file : files) {
                int held =
                        index.entries().stream()
                                .filter(e -> e.file().equals(file))
                                .mapToInt(PtxIndex.Entry::length)
                                .sum();
                assertThat(held).isBetween(1, 4 << 20);
            }
            assertThat(index.entries().stream().filter(e -> e.file().equals(b))).hasSize(1);
            // All that the jar takes is a small part of the texts.
            assertThat(Files.size(jar)).isLessThan(100_000);
        }
    }

    private static String read(FileSystem zip, PtxIndex index, GpuProgram p, int device)
            throws IOException {
        PtxIndex.Entry e = index.find(PtxIndex.key(p), device).orElseThrow();
        try (InputStream in = Files.newInputStream(zip.getPath(PtxIndex.FOLDER, e.file()));
                XZInputStream unpacked = new XZInputStream(in)) {
            byte[] all = unpacked.readAllBytes();
            return new String(all, e.offset(), e.length(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void aRefusedProgramLeavesTheJarAsItWas() throws IOException {
        Path nvcc = compiler("echo 'p.cu(1): error: no such thing'; exit 2\n");
        Path jar = jar();
        byte[] before = Files.readAllBytes(jar);
        assertThatThrownBy(() -> new PtxPackager(nvcc).run(List.of(PORTABLE), jar, done -> {}))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("test/a.cl")
                .hasMessageContaining("no such thing");
        assertThat(Files.readAllBytes(jar)).isEqualTo(before);
    }

    @Test
    void saysThatThereIsNoCompilerOrNoJar() throws IOException {
        Path jar = jar();
        assertThatThrownBy(() ->
                        new PtxPackager(folder.resolve("absent"))
                                .run(List.of(PORTABLE), jar, done -> {}))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("absent");
        assertThatThrownBy(() ->
                        new PtxPackager(Path.of("nvcc"))
                                .run(List.of(PORTABLE), folder.resolve("no.jar"), done -> {}))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("no.jar");
    }

    @Test
    void everyOpHasItsPortableProgramsAndTheRoofsTheirs() {
        List<String> names =
                PtxPackager.programs("softmax").stream().map(GpuProgram::name).toList();
        assertThat(names).contains("softmax/softmax.cl", "softmax/softmax.cu");
        assertThat(names).anyMatch(n -> n.contains("roof"));
    }
}
