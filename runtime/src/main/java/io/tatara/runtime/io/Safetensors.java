package io.tatara.runtime.io;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The safetensors file format: 8 bytes little-endian length of a JSON header, the header (name →
 * dtype, shape, byte range), the raw little-endian elements. No code is run by loading one. Writing
 * is atomic: a reader sees the old file or the new one, also after a crash.
 */
public final class Safetensors {
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    private static final String METADATA = "__metadata__";
    private static final long LARGEST_HEADER = 100_000_000;
    private static final String WIDE = "I64";
    private static final int CHUNK = 1 << 22;

    private Safetensors() {}

    /** What a file holds, in the order of its header. */
    public record Content(Map<String, HostTensor> tensors, Map<String, String> metadata) {
        /**
         * A tensor that must be there.
         *
         * @throws FileFormatException naming it and what there is
         */
        public HostTensor tensor(String name) {
            HostTensor t = tensors.get(name);
            if (t == null) {
                throw new FileFormatException(
                        "tensor '" + name + "' is not in the file; there are " + tensors.keySet());
            }
            return t;
        }
    }

    /**
     * Writes a file through a temporary one beside it and an atomic rename.
     *
     * @throws UncheckedIOException if the disk refuses; the old file is then still there
     */
    public static void write(
            Path file, Map<String, HostTensor> tensors, Map<String, String> metadata) {
        ObjectNode header = JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode m = header.putObject(METADATA);
            metadata.forEach(m::put);
        }
        long at = 0;
        for (Map.Entry<String, HostTensor> e : tensors.entrySet()) {
            if (e.getKey().equals(METADATA)) {
                throw new TataraException("a tensor cannot be named " + METADATA);
            }
            TensorSpec s = e.getValue().spec();
            ObjectNode n = header.putObject(e.getKey());
            n.put("dtype", label(s.dtype()));
            var shape = n.putArray("shape");
            for (int d : s.shape().toArray()) {
                shape.add(d);
            }
            n.putArray("data_offsets").add(at).add(at + s.bytes());
            at += s.bytes();
        }
        byte[] text = JSON.writeValueAsBytes(header);
        int padded = (text.length + 7) / 8 * 8;
        ByteBuffer head = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
        head.putLong(padded).put(text);
        while (head.hasRemaining()) {
            head.put((byte) ' ');
        }
        Path target = file.toAbsolutePath();
        Path temporary = null;
        try {
            Files.createDirectories(target.getParent());
            // Not createTempFile: that makes files only their owner may read.
            temporary =
                    target.resolveSibling(target.getFileName() + "." + UUID.randomUUID() + ".part");
            try (FileChannel out =
                    FileChannel.open(
                            temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                writeFully(out, head.flip());
                for (HostTensor t : tensors.values()) {
                    writeSegment(out, t.data());
                }
                out.force(true);
            }
            Files.move(
                    temporary,
                    target,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            deleteQuietly(temporary);
            throw new UncheckedIOException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    private static void deleteQuietly(Path p) {
        try {
            if (p != null) {
                Files.deleteIfExists(p);
            }
        } catch (IOException e) {
            System.getLogger("io.tatara").log(System.Logger.Level.DEBUG, "left behind: " + p, e);
        }
    }

    private static void writeSegment(FileChannel out, MemorySegment s) throws IOException {
        ByteBuffer chunk =
                ByteBuffer.allocateDirect((int) Math.min(CHUNK, Math.max(1, s.byteSize())));
        for (long at = 0; at < s.byteSize(); at += chunk.capacity()) {
            int n = (int) Math.min(chunk.capacity(), s.byteSize() - at);
            chunk.clear().limit(n);
            MemorySegment.copy(s, at, MemorySegment.ofBuffer(chunk), 0, n);
            writeFully(out, chunk);
        }
    }

    private static void writeFully(FileChannel out, ByteBuffer b) throws IOException {
        while (b.hasRemaining()) {
            out.write(b);
        }
    }

    /**
     * Reads a whole file. Tensors of I64 are read as int32.
     *
     * @throws FileFormatException if it is missing, truncated, inconsistent, or holds a dtype
     *     unknown here or an I64 that is no int32
     */
    public static Content read(Path file) {
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = in.size();
            if (size < 8) {
                throw broken(file, "only " + size + " bytes long");
            }
            long length = readFully(in, 0, 8).order(ByteOrder.LITTLE_ENDIAN).getLong();
            if (length < 2 || length > LARGEST_HEADER || length > size - 8) {
                throw broken(file, "header length " + length + " in a file of " + size + " bytes");
            }
            String text =
                    new String(readFully(in, 8, (int) length).array(), StandardCharsets.UTF_8);
            JsonNode header = JSON.readTree(text);
            if (!header.isObject()) {
                throw broken(file, "the header is not a JSON object");
            }
            return content(file, in, header, 8 + length, size);
        } catch (NoSuchFileException e) {
            throw new FileFormatException("no such file: " + file, e);
        } catch (JacksonException e) {
            throw new FileFormatException(
                    file + ": the header is not JSON: " + e.getOriginalMessage(), e);
        } catch (EOFException e) {
            throw new FileFormatException(file + ": truncated", e);
        } catch (IOException e) {
            throw new FileFormatException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private static Content content(
            Path file, FileChannel in, JsonNode header, long start, long size) throws IOException {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        TreeMap<Long, Long> taken = new TreeMap<>();
        for (Map.Entry<String, JsonNode> e : header.properties()) {
            String name = e.getKey();
            JsonNode n = e.getValue();
            if (name.equals(METADATA)) {
                for (Map.Entry<String, JsonNode> m : n.properties()) {
                    metadata.put(m.getKey(), m.getValue().asString(""));
                }
                continue;
            }
            TensorSpec spec = spec(file, name, n);
            JsonNode range = n.path("data_offsets");
            if (!range.isArray()
                    || range.size() != 2
                    || !range.get(0).isIntegralNumber()
                    || !range.get(1).isIntegralNumber()) {
                throw broken(file, "tensor '" + name + "' has no data_offsets");
            }
            long from = range.get(0).asLong();
            long to = range.get(1).asLong();
            boolean wide = WIDE.equals(n.path("dtype").asString(""));
            long bytes = wide ? 2 * spec.bytes() : spec.bytes();
            if (from < 0 || to < from || to > size - start || to - from != bytes) {
                throw broken(
                        file,
                        "tensor '"
                                + name
                                + "' "
                                + spec
                                + " has bytes "
                                + from
                                + " to "
                                + to
                                + " of "
                                + (size - start));
            }
            if (bytes > 0) {
                take(file, name, taken, from, to);
            }
            MemorySegment data = load(in, start + from, bytes);
            tensors.put(name, new HostTensor(spec, wide ? narrow(file, name, data) : data));
        }
        return new Content(tensors, metadata);
    }

    /**
     * Notes the bytes of a tensor, which are no other's: else one of the two is not what was
     * written.
     *
     * @param taken ends by beginnings
     */
    private static void take(
            Path file, String name, TreeMap<Long, Long> taken, long from, long to) {
        Map.Entry<Long, Long> before = taken.lowerEntry(to);
        if (before != null && before.getValue() > from) {
            throw broken(
                    file,
                    "tensor '"
                            + name
                            + "' has bytes "
                            + from
                            + " to "
                            + to
                            + ", another one "
                            + before.getKey()
                            + " to "
                            + before.getValue());
        }
        taken.put(from, to);
    }

    /** Whole numbers of 8 bytes as int32: PyTorch counts batches in them. */
    private static MemorySegment narrow(Path file, String name, MemorySegment data) {
        int[] values = new int[Math.toIntExact(data.byteSize() / 8)];
        for (int i = 0; i < values.length; i++) {
            long v = data.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i);
            if (v != (int) v) {
                throw broken(file, "tensor '" + name + "' of I64 holds " + v + ", above int32");
            }
            values[i] = (int) v;
        }
        return MemorySegment.ofArray(values);
    }

    private static MemorySegment load(FileChannel in, long at, long bytes) throws IOException {
        MemorySegment s = Arena.ofAuto().allocate(Math.max(1, bytes), 64).asSlice(0, bytes);
        for (long done = 0; done < bytes; ) {
            int n = (int) Math.min(1 << 30, bytes - done);
            ByteBuffer b = s.asSlice(done, n).asByteBuffer();
            while (b.hasRemaining()) {
                if (in.read(b, at + done + b.position()) < 0) {
                    throw new EOFException();
                }
            }
            done += n;
        }
        return s;
    }

    private static TensorSpec spec(Path file, String name, JsonNode n) {
        String label = n.path("dtype").asString("");
        DType dtype = WIDE.equals(label) ? DType.INT32 : null;
        for (DType d : DType.values()) {
            if (label(d).equals(label)) {
                dtype = d;
            }
        }
        if (dtype == null) {
            throw broken(
                    file,
                    "tensor '"
                            + name
                            + "' has dtype '"
                            + label
                            + "'; F32, F16, BF16, F64, I32 and I64 are read");
        }
        JsonNode shape = n.path("shape");
        if (!shape.isArray()) {
            throw broken(file, "tensor '" + name + "' has no shape");
        }
        int[] dims = new int[shape.size()];
        for (int i = 0; i < dims.length; i++) {
            if (!shape.get(i).isInt()) {
                throw broken(file, "tensor '" + name + "' has shape " + shape);
            }
            dims[i] = shape.get(i).asInt();
        }
        try {
            return new TensorSpec(dtype, Shape.of(dims));
        } catch (TataraException e) {
            throw new FileFormatException(file + ": tensor '" + name + "': " + e.getMessage(), e);
        }
    }

    private static String label(DType d) {
        return switch (d) {
            case FLOAT32 -> "F32";
            case FLOAT16 -> "F16";
            case BFLOAT16 -> "BF16";
            case FLOAT64 -> "F64";
            case INT32 -> "I32";
        };
    }

    private static ByteBuffer readFully(FileChannel in, long at, int n) throws IOException {
        ByteBuffer b = ByteBuffer.allocate(n);
        while (b.hasRemaining()) {
            if (in.read(b, at + b.position()) < 0) {
                throw new EOFException();
            }
        }
        return b.flip();
    }

    private static FileFormatException broken(Path file, String what) {
        return new FileFormatException(file + " is not a sound safetensors file: " + what);
    }
}
