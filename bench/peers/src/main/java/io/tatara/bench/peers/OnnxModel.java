package io.tatara.bench.peers;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * Writes ONNX models in protobuf's wire format (field numbers of onnx.proto), so that no library
 * and no Python is needed for it.
 */
final class OnnxModel {
    static final int FLOAT = 1;
    static final int INT32 = 6;
    static final int INT64 = 7;

    private static final int IR_VERSION = 10;
    private static final int OPSET = 23;
    private static final String MICROSOFT = "com.microsoft";

    private final Message graph = new Message();

    private static final class Message {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        private void varint(long v) {
            while ((v & ~0x7fL) != 0) {
                out.write((int) (v & 0x7f) | 0x80);
                v >>>= 7;
            }
            out.write((int) v);
        }

        Message number(int field, long v) {
            varint((long) field << 3);
            varint(v);
            return this;
        }

        Message real(int field, float v) {
            varint((long) field << 3 | 5);
            int bits = Float.floatToIntBits(v);
            for (int i = 0; i < 4; i++) {
                out.write(bits >>> 8 * i);
            }
            return this;
        }

        Message bytes(int field, byte[] b) {
            varint((long) field << 3 | 2);
            varint(b.length);
            out.writeBytes(b);
            return this;
        }

        Message text(int field, String s) {
            return bytes(field, s.getBytes(StandardCharsets.UTF_8));
        }

        Message message(int field, Message m) {
            return bytes(field, m.out.toByteArray());
        }
    }

    OnnxModel input(String name, int type, long... dims) {
        graph.message(11, value(name, type, dims));
        return this;
    }

    OnnxModel output(String name, int type, long... dims) {
        graph.message(12, value(name, type, dims));
        return this;
    }

    private static Message value(String name, int type, long... dims) {
        Message shape = new Message();
        for (long d : dims) {
            shape.message(1, new Message().number(1, d));
        }
        Message tensor = new Message().number(1, type).message(2, shape);
        return new Message().text(1, name).message(2, new Message().message(1, tensor));
    }

    /** A tensor that the model holds. */
    OnnxModel constant(String name, float[] values, long... dims) {
        ByteBuffer b = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        b.asFloatBuffer().put(values);
        Message t = new Message();
        for (long d : dims) {
            t.number(1, d);
        }
        graph.message(5, t.number(2, FLOAT).text(8, name).bytes(9, b.array()));
        return this;
    }

    OnnxModel node(String op, List<String> inputs, List<String> outputs) {
        return node(op, inputs, outputs, Map.of());
    }

    /**
     * @param op an operator of ONNX, or {@code com.microsoft.…}
     * @param attributes Long, Float, String or a list of Long
     */
    OnnxModel node(
            String op, List<String> inputs, List<String> outputs, Map<String, Object> attributes) {
        Message n = new Message();
        inputs.forEach(i -> n.text(1, i));
        outputs.forEach(o -> n.text(2, o));
        boolean own = op.startsWith(MICROSOFT + ".");
        n.text(4, own ? op.substring(MICROSOFT.length() + 1) : op);
        attributes.forEach((k, v) -> n.message(5, attribute(k, v)));
        if (own) {
            n.text(7, MICROSOFT);
        }
        graph.message(1, n);
        return this;
    }

    private static Message attribute(String name, Object value) {
        Message a = new Message().text(1, name);
        return switch (value) {
            case Long l -> a.number(3, l).number(20, 2);
            case Float f -> a.real(2, f).number(20, 1);
            case String s -> a.text(4, s).number(20, 3);
            case List<?> l -> {
                l.forEach(v -> a.number(8, (Long) v));
                yield a.number(20, 7);
            }
            default -> throw new IllegalArgumentException(name + ": " + value);
        };
    }

    byte[] bytes() {
        graph.text(2, "g");
        return new Message()
                .number(1, IR_VERSION)
                .message(7, graph)
                .message(8, new Message().text(1, "").number(2, OPSET))
                .message(8, new Message().text(1, MICROSOFT).number(2, 1))
                .out
                .toByteArray();
    }
}
