/** DenseNet (Huang et al. 2017): each layer reads the outputs of all before it in its block. */
package io.tatara.models.densenet;
