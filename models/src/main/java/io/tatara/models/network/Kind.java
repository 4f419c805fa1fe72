package io.tatara.models.network;

import io.tatara.kernels.pointwise.Activation;
import java.util.Locale;

/** What a layer does. Shapes are those of one sample: [C, H, W], [C, T] or [C]. */
public sealed interface Kind {
    /** The network's input. */
    record Input() implements Kind {
        @Override
        public String toString() {
            return "input";
        }
    }

    /**
     * Convolution of [C, H, W], the same on all four borders.
     *
     * @param channels of the output
     * @param kernel rows and columns of a filter
     * @param groups of channels that know nothing of each other
     */
    record Conv2d(
            int channels,
            int kernel,
            int stride,
            int padding,
            int dilation,
            int groups,
            boolean bias)
            implements Kind {
        @Override
        public String toString() {
            return "conv %dx%d, %d".formatted(kernel, kernel, channels)
                    + (stride == 1 ? "" : ", stride " + stride)
                    + (padding == 0 ? "" : ", padding " + padding)
                    + (dilation == 1 ? "" : ", dilation " + dilation)
                    + (groups == 1 ? "" : ", groups " + groups);
        }
    }

    /** Convolution of [C, T] that looks back only. */
    record CausalConv1d(int channels, int kernel, int dilation, boolean bias) implements Kind {
        @Override
        public String toString() {
            return "causal conv %d, %d".formatted(kernel, channels)
                    + (dilation == 1 ? "" : ", dilation " + dilation);
        }
    }

    /** Batch normalization with scale and shift for each channel. */
    record BatchNorm() implements Kind {
        @Override
        public String toString() {
            return "batch norm";
        }
    }

    /** An elementwise function. */
    record Activate(Activation function) implements Kind {
        @Override
        public String toString() {
            return function.name().toLowerCase(Locale.ROOT);
        }
    }

    /** The first half of the channels as tanh times the second as sigmoid. */
    record Gate() implements Kind {
        @Override
        public String toString() {
            return "tanh x sigmoid";
        }
    }

    /** Largest or mean of windows. */
    record Pool(boolean max, int kernel, int stride, int padding) implements Kind {
        @Override
        public String toString() {
            return (max ? "max" : "average")
                    + " pool %dx%d, stride %d".formatted(kernel, kernel, stride);
        }
    }

    /** Mean over all positions: [C, …] to [C]. */
    record GlobalAverage() implements Kind {
        @Override
        public String toString() {
            return "global average";
        }
    }

    /** All elements of [C, H, W] as [C · H · W]. */
    record Flatten() implements Kind {
        @Override
        public String toString() {
            return "flatten";
        }
    }

    /** [C] to [features]. */
    record Linear(int features, boolean bias) implements Kind {
        @Override
        public String toString() {
            return "linear, " + features;
        }
    }

    /** Sum of equal shapes. */
    record Add() implements Kind {
        @Override
        public String toString() {
            return "add";
        }
    }

    /** Channels of one after those of the other. */
    record Concat() implements Kind {
        @Override
        public String toString() {
            return "concat";
        }
    }

    /**
     * More channels, of zeros.
     *
     * @param front how many before the others; what is missing comes behind
     */
    record PadChannels(int channels, int front) implements Kind {
        @Override
        public String toString() {
            return "zeros to " + channels + " channels";
        }
    }

    /** Every {@code stride}-th row and column. */
    record Subsample(int stride) implements Kind {
        @Override
        public String toString() {
            return "every " + stride + "th position";
        }
    }

    /** Dropout in training. */
    record Dropout(float probability) implements Kind {
        @Override
        public String toString() {
            return "dropout " + probability;
        }
    }
}
