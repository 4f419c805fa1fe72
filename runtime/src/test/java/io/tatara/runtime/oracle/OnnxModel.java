package io.tatara.runtime.oracle;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes one-node ONNX models (protobuf wire format, field numbers of onnx.proto) so that ONNX
 * Runtime can serve as an oracle without a model file.
 */
final class OnnxModel {
    static final int FLOAT = 1;
    static final int INT32 = 6;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /**
     * @param inputs name → element type, in the node's order; an empty name stands for an absent
     *     input
     * @param attributes Float, Long, String, or List of Long or String
     */
    static byte[] of(
            String op,
            List<Map.Entry<String, Integer>> inputs,
            List<String> outputs,
            Map<String, Object> attributes) {
        OnnxModel node = new OnnxModel();
        for (var i : inputs) {
            node.text(1, i.getKey());
        }
        outputs.forEach(o -> node.text(2, o));
        node.text(4, op);
        attributes.forEach((k, v) -> node.message(5, attribute(k, v)));
        OnnxModel graph = new OnnxModel();
        graph.message(1, node);
        graph.text(2, "g");
        for (var i : inputs) {
            if (!i.getKey().isEmpty()) {
                graph.message(11, value(i.getKey(), i.getValue()));
            }
        }
        outputs.forEach(o -> graph.message(12, value(o, FLOAT)));
        OnnxModel opset = new OnnxModel();
        opset.text(1, "");
        opset.number(2, 23);
        OnnxModel model = new OnnxModel();
        model.number(1, 10);
        model.message(7, graph);
        model.message(8, opset);
        return model.out.toByteArray();
    }

    private static OnnxModel value(String name, int type) {
        OnnxModel tensor = new OnnxModel();
        tensor.number(1, type);
        OnnxModel t = new OnnxModel();
        t.message(1, tensor);
        OnnxModel v = new OnnxModel();
        v.text(1, name);
        v.message(2, t);
        return v;
    }

    private static OnnxModel attribute(String name, Object value) {
        OnnxModel a = new OnnxModel();
        a.text(1, name);
        switch (value) {
            case Long l -> {
                a.number(3, l);
                a.number(20, 2);
            }
            case String s -> {
                a.text(4, s);
                a.number(20, 3);
            }
            case Float f -> {
                a.real(2, f);
                a.number(20, 1);
            }
            case List<?> l when l.getFirst() instanceof Long -> {
                l.forEach(i -> a.number(8, (Long) i));
                a.number(20, 7);
            }
            case List<?> l -> {
                List<Object> items = new ArrayList<>(l);
                items.forEach(s -> a.text(9, s.toString()));
                a.number(20, 8);
            }
            default -> throw new IllegalArgumentException(name + ": " + value);
        }
        return a;
    }

    private void varint(long v) {
        while ((v & ~0x7fL) != 0) {
            out.write((int) (v & 0x7f) | 0x80);
            v >>>= 7;
        }
        out.write((int) v);
    }

    private void number(int field, long v) {
        varint((long) field << 3);
        varint(v);
    }

    private void real(int field, float v) {
        varint((long) field << 3 | 5);
        int bits = Float.floatToRawIntBits(v);
        for (int i = 0; i < Integer.SIZE; i += Byte.SIZE) {
            out.write(bits >>> i);
        }
    }

    private void bytes(int field, byte[] b) {
        varint((long) field << 3 | 2);
        varint(b.length);
        out.writeBytes(b);
    }

    private void text(int field, String s) {
        bytes(field, s.getBytes(StandardCharsets.UTF_8));
    }

    private void message(int field, OnnxModel m) {
        bytes(field, m.out.toByteArray());
    }
}
