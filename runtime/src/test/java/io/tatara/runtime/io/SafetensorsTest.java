package io.tatara.runtime.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.DType;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.runtime.Device;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
    @TempDir Path folder;

    private Path written() {
        Map<String, HostTensor> t = new LinkedHashMap<>();
        t.put("weight", HostTensor.of(new float[] {1, -2, 3.5f, Float.NaN, 5, 6}, 2, 3));
        t.put("ids", HostTensor.of(new int[] {7, -8}, 2));
        t.put("empty", HostTensor.of(new float[0], 0, 4));
        t.put("scalar", HostTensor.of(new float[] {9}));
        Path file = folder.resolve("a.safetensors");
        Safetensors.write(file, t, Map.of("step", "12"));
        return file;
    }

    @Test
    void whatIsWrittenIsRead() {
        Safetensors.Content c = Safetensors.read(written());
        assertThat(c.metadata()).containsEntry("step", "12");
        assertThat(c.tensors().keySet()).containsExactly("weight", "ids", "empty", "scalar");
        assertThat(c.tensor("weight").floats()).containsExactly(1, -2, 3.5f, Float.NaN, 5, 6);
        assertThat(c.tensor("weight").spec().shape().toArray()).containsExactly(2, 3);
        assertThat(c.tensor("ids").ints()).containsExactly(7, -8);
        assertThat(c.tensor("scalar").spec().shape().rank()).isZero();
        assertThatThrownBy(() -> c.tensor("bias"))
                .isInstanceOf(FileFormatException.class)
                .hasMessageContaining("bias")
                .hasMessageContaining("weight");
        assertThat(folder.toFile().list()).hasSize(1);
    }

    @Test
    void halvesAreWrittenAsTheyAreAndRead() throws IOException {
        float[] v = {1, -2.5f, Float.POSITIVE_INFINITY, Float.NaN, 6e-8f};
        Map<String, HostTensor> t = new LinkedHashMap<>();
        t.put("half", HostTensor.of(DType.FLOAT16, v, 5));
        t.put("brain", HostTensor.of(DType.BFLOAT16, v, 5, 1));
        Path file = folder.resolve("halves.safetensors");
        Safetensors.write(file, t, Map.of());
        assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
                .contains("\"F16\"", "\"BF16\"");
        Safetensors.Content c = Safetensors.read(file);
        assertThat(c.tensor("half").spec()).isEqualTo(TensorSpec.of(DType.FLOAT16, 5));
        assertThat(c.tensor("half").floats())
                .containsExactly(1, -2.5f, Float.POSITIVE_INFINITY, Float.NaN, 0x1p-24f);
        assertThat(c.tensor("brain").spec()).isEqualTo(TensorSpec.of(DType.BFLOAT16, 5, 1));
        try (Device device = Tatara.open("jvm");
                Scope scope = device.scope()) {
            HostTensor brain = c.tensor("brain");
            Tensor x = scope.tensor(brain.spec(), brain.data());
            assertThat(x.toFloats()).isEqualTo(brain.floats());
            assertThat(HostTensor.of(x).data().mismatch(brain.data())).isEqualTo(-1);
        }
        assertThatThrownBy(() -> HostTensor.of(DType.INT32, v, 5))
                .isInstanceOf(TataraException.class);
    }

    @Test
    void everyTruncationIsNoticed() throws IOException {
        Path file = written();
        byte[] all = Files.readAllBytes(file);
        Path cut = folder.resolve("cut.safetensors");
        for (int n = 0; n < all.length; n++) {
            Files.write(cut, java.util.Arrays.copyOf(all, n));
            assertThatThrownBy(() -> Safetensors.read(cut)).isInstanceOf(FileFormatException.class);
        }
    }

    @Test
    void garbageNeverEndsInAnythingElse() throws IOException {
        byte[] all = Files.readAllBytes(written());
        Random random = new Random(1);
        Path bad = folder.resolve("bad.safetensors");
        int refused = 0;
        for (int trial = 0; trial < 3000; trial++) {
            byte[] b = all.clone();
            for (int k = 0; k <= random.nextInt(4); k++) {
                b[random.nextInt(b.length)] = (byte) random.nextInt();
            }
            Files.write(bad, b);
            try {
                Safetensors.read(bad);
            } catch (TataraException e) {
                refused++;
            }
        }
        assertThat(refused).isPositive();
    }

    @Test
    void aMissingFileAndAnUnknownDtypeAreNamed() throws IOException {
        assertThatThrownBy(() -> Safetensors.read(folder.resolve("none")))
                .hasMessageContaining("no such file");
        assertThatThrownBy(() -> Safetensors.read(one("U64", 1))).hasMessageContaining("U64");
    }

    @Test
    void countersOf64BitsAreReadAsInt32() throws IOException {
        assertThat(Safetensors.read(one("I64", -7)).tensor("x").ints()).containsExactly(-7);
        assertThatThrownBy(() -> Safetensors.read(one("I64", 1L << 31)))
                .hasMessageContaining("2147483648");
    }

    @Test
    void aNameOrAByteBelongsToOneTensor() throws IOException {
        String head = "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":";
        Path sound = file("{\"x" + head + "[4,8]},\"y" + head + "[0,4]}}", 0);
        assertThat(Safetensors.read(sound).tensors().keySet()).containsExactly("x", "y");
        for (String range : new String[] {"[4,8]", "[2,6]"}) {
            Path twice = file("{\"x" + head + "[4,8]},\"y" + head + range + "}}", 0);
            assertThatThrownBy(() -> Safetensors.read(twice))
                    .isInstanceOf(FileFormatException.class)
                    .hasMessageContaining("tensor 'y'")
                    .hasMessageContaining("another one 4 to 8");
        }
        Path names = file("{\"x" + head + "[0,4]},\"x" + head + "[4,8]}}", 0);
        assertThatThrownBy(() -> Safetensors.read(names))
                .isInstanceOf(FileFormatException.class)
                .hasMessageContaining("uplicate");
    }

    /** A file with one element of 8 bytes. */
    private Path one(String dtype, long value) throws IOException {
        String header =
                "{\"x\":{\"dtype\":\"" + dtype + "\",\"shape\":[1],\"data_offsets\":[0,8]}}";
        return file(header, value);
    }

    /** A file of this header and 8 bytes. */
    private Path file(String header, long value) throws IOException {
        java.nio.ByteBuffer b =
                java.nio.ByteBuffer.allocate(8 + header.length() + 8)
                        .order(java.nio.ByteOrder.LITTLE_ENDIAN);
        b.putLong(header.length()).put(header.getBytes()).putLong(value);
        Path f = folder.resolve("one.safetensors");
        Files.write(f, b.array());
        return f;
    }
}
