package io.tatara.models.resnet;

import io.tatara.models.network.NetworkBuilder;
import io.tatara.models.network.Node;

/**
 * A residual block: what all members of the family are made of.
 *
 * @param bottleneck 1x1, 3x3, 1x1 convolutions, else two of 3x3
 * @param order of norm and activation around the convolutions
 * @param shortcut what the input passes through where shapes differ
 * @param expansion channels of the output for each of the inner ones
 * @param dropout between the convolutions
 */
record Block(boolean bottleneck, Order order, Shortcut shortcut, int expansion, float dropout) {
    /** Where norm and activation stand. */
    enum Order {
        /** Behind each convolution, the last activation behind the sum (He et al. 2016a). */
        AFTER,
        /** Before each convolution, the first also before the shortcut's (He et al. 2016b). */
        BEFORE,
        /** Norm first and last, no activation at the block's ends (Han et al. 2017, figure 6d). */
        PYRAMID
    }

    /** The ways of a shortcut that changes shape. */
    enum Shortcut {
        /** A 1x1 convolution with norm (option B). */
        PROJECTION,
        /** A 1x1 convolution alone, of the normed and activated input. */
        BARE_PROJECTION,
        /** Every second position, zeros for the new channels on both sides (option A). */
        SUBSAMPLE,
        /** Means of 2 x 2, zeros for the new channels behind. */
        AVERAGE
    }

    static Block basic(Order order, Shortcut shortcut) {
        return new Block(false, order, shortcut, 1, 0);
    }

    static Block bottleneck(Order order, Shortcut shortcut) {
        return new Block(true, order, shortcut, 4, 0);
    }

    /** Adds the block: {@code inner} channels inside, {@code inner * expansion} out. */
    Node add(NetworkBuilder b, String at, Node x, int inner, int stride) {
        int out = inner * expansion;
        boolean same = stride == 1 && x.channels() == out;
        return switch (order) {
            case AFTER -> after(b, at, x, inner, out, stride, same);
            case BEFORE -> before(b, at, x, inner, out, stride, same);
            case PYRAMID -> pyramid(b, at, x, inner, out, stride, same);
        };
    }

    private Node after(
            NetworkBuilder b, String at, Node x, int inner, int out, int stride, boolean same) {
        Node y = x;
        int convolutions = bottleneck ? 3 : 2;
        for (int i = 1; i <= convolutions; i++) {
            y = convolution(b, at, y, i, inner, out, stride);
            y = b.batchNorm(at + "bn" + i, y);
            if (i < convolutions) {
                y = b.relu(at + "relu" + i, y);
            }
        }
        return b.relu(
                at + "relu", b.add(at + "add", y, same ? x : shortcut(b, at, x, out, stride)));
    }

    private Node before(
            NetworkBuilder b, String at, Node x, int inner, int out, int stride, boolean same) {
        int convolutions = bottleneck ? 3 : 2;
        Node first = b.relu(at + "relu1", b.batchNorm(at + "bn1", x));
        Node y = first;
        for (int i = 1; i <= convolutions; i++) {
            if (i > 1) {
                y = b.relu(at + "relu" + i, b.batchNorm(at + "bn" + i, y));
                if (i == convolutions) {
                    y = b.dropout(at + "dropout", y, dropout);
                }
            }
            y = convolution(b, at, y, i, inner, out, stride);
        }
        return b.add(at + "add", y, same ? x : shortcut(b, at, first, out, stride));
    }

    private Node pyramid(
            NetworkBuilder b, String at, Node x, int inner, int out, int stride, boolean same) {
        int convolutions = bottleneck ? 3 : 2;
        Node y = b.batchNorm(at + "bn1", x);
        for (int i = 1; i <= convolutions; i++) {
            if (i > 1) {
                y = b.relu(at + "relu" + i, y);
            }
            y = convolution(b, at, y, i, inner, out, stride);
            y = b.batchNorm(at + "bn" + (i + 1), y);
        }
        return b.add(at + "add", y, same ? x : shortcut(b, at, x, out, stride));
    }

    /** Number i, from 1 on; the stride is that of the 3x3 one, of two of them the first's. */
    private Node convolution(
            NetworkBuilder b, String at, Node x, int i, int inner, int out, int stride) {
        String name = at + "conv" + i;
        if (!bottleneck) {
            return b.conv(name, x, i == 1 ? inner : out, 3, i == 1 ? stride : 1);
        }
        return i == 2
                ? b.conv(name, x, inner, 3, stride)
                : b.conv(name, x, i == 1 ? inner : out, 1, 1);
    }

    private Node shortcut(NetworkBuilder b, String at, Node x, int out, int stride) {
        switch (shortcut) {
            case PROJECTION -> {
                Node y = b.conv(at + "downsample.0", x, out, 1, stride);
                return b.batchNorm(at + "downsample.1", y);
            }
            case BARE_PROJECTION -> {
                return b.conv(at + "downsample.0", x, out, 1, stride);
            }
            case SUBSAMPLE -> {
                Node y = stride == 1 ? x : b.subsample(at + "downsample.0", x, stride);
                return b.padChannels(at + "downsample.1", y, out, (out - x.channels()) / 2);
            }
            default -> {
                Node y = stride == 1 ? x : b.pool(at + "downsample.0", x, false, stride, stride, 0);
                return b.padChannels(at + "downsample.1", y, out, 0);
            }
        }
    }
}
