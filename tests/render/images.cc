#include "tests/render/images.h"

#include <gif_lib.h>
#include <png.h>
#include <webp/encode.h>

#include <cstdio>
#include <cstdlib>
// jpeglib.h needs cstdio.
#include <jpeglib.h>

namespace fovea::render {
namespace {

void Check(bool good) {
  if (!good) std::abort();
}

// A grey of 1 to 63, so that index 0 stays free.
uint8_t Shade(const uint8_t* rgba) { return std::max<uint8_t>(1, rgba[1] / 4); }

class JpegWriter {
 public:
  JpegWriter(int width, int height, int components, J_COLOR_SPACE space) {
    encoder_.err = jpeg_std_error(&errors_);
    jpeg_create_compress(&encoder_);
    jpeg_mem_dest(&encoder_, &bytes_, &size_);
    encoder_.image_width = static_cast<JDIMENSION>(width);
    encoder_.image_height = static_cast<JDIMENSION>(height);
    encoder_.input_components = components;
    encoder_.in_color_space = space;
    jpeg_set_defaults(&encoder_);
    jpeg_set_quality(&encoder_, 95, TRUE);
  }
  ~JpegWriter() {
    jpeg_destroy_compress(&encoder_);
    std::free(bytes_);
  }

  jpeg_compress_struct* encoder() { return &encoder_; }

  std::string Write(std::vector<uint8_t> pixels) {
    jpeg_start_compress(&encoder_, TRUE);
    const size_t stride =
        size_t{encoder_.image_width} * static_cast<size_t>(encoder_.input_components);
    for (JDIMENSION y = 0; y < encoder_.image_height; ++y) {
      JSAMPROW row = pixels.data() + y * stride;
      Check(jpeg_write_scanlines(&encoder_, &row, 1) == 1);
    }
    jpeg_finish_compress(&encoder_);
    return {reinterpret_cast<const char*>(bytes_), size_};
  }

 private:
  jpeg_compress_struct encoder_ = {};
  jpeg_error_mgr errors_ = {};
  unsigned char* bytes_ = nullptr;
  unsigned long size_ = 0;
};

void WritePngRows(png_structp png, png_infop info, std::vector<uint8_t>& pixels, size_t stride) {
  png_write_info(png, info);
  std::vector<png_bytep> rows;
  for (size_t at = 0; at < pixels.size(); at += stride) rows.push_back(&pixels[at]);
  png_write_image(png, rows.data());
  png_write_end(png, info);
}

std::string WritePng(int width, int height, int bits, int color, bool interlaced,
                     std::vector<uint8_t> pixels) {
  std::string bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &bytes,
      [](png_structp to, png_bytep data, size_t size) {
        static_cast<std::string*>(png_get_io_ptr(to))
            ->append(reinterpret_cast<const char*>(data), size);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), bits,
               color, interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  WritePngRows(png, info, pixels, pixels.size() / static_cast<size_t>(height));
  png_destroy_write_struct(&png, &info);
  return bytes;
}

void SetPixel(RgbaImage& image, int x, int y, uint8_t red, uint8_t green, uint8_t blue) {
  uint8_t* pixel = &image.pixels[(static_cast<size_t>(y) * image.width + x) * 4];
  pixel[0] = red;
  pixel[1] = green;
  pixel[2] = blue;
}

}  // namespace

RgbaImage Plain(int width, int height, uint8_t red, uint8_t green, uint8_t blue, uint8_t alpha) {
  RgbaImage image{.width = width, .height = height};
  for (int i = 0; i < width * height; ++i) {
    image.pixels.insert(image.pixels.end(), {red, green, blue, alpha});
  }
  return image;
}

RgbaImage Ramp(int width, int height) {
  RgbaImage image = Plain(width, height, 0, 0, 0, 255);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto grey = static_cast<uint8_t>(x * 255 / std::max(1, width - 1));
      SetPixel(image, x, y, grey, grey, grey);
      if (y < height / 4 && x < width / 4) SetPixel(image, x, y, 255, 0, 0);
      if (y >= height - height / 4 && x < width / 4) SetPixel(image, x, y, 0, 0, 255);
    }
  }
  return image;
}

std::string EncodePng(const RgbaImage& image, bool interlaced) {
  return WritePng(image.width, image.height, 8, PNG_COLOR_TYPE_RGBA, interlaced, image.pixels);
}

std::string EncodeGrey16Png(int width, int height, uint16_t grey) {
  std::vector<uint8_t> pixels;
  for (int i = 0; i < width * height; ++i) {
    pixels.push_back(static_cast<uint8_t>(grey >> 8));
    pixels.push_back(static_cast<uint8_t>(grey & 0xFF));
  }
  return WritePng(width, height, 16, PNG_COLOR_TYPE_GRAY, false, std::move(pixels));
}

std::string EncodeJpeg(const RgbaImage& image, bool progressive) {
  JpegWriter writer(image.width, image.height, 4, JCS_EXT_RGBX);
  if (progressive) jpeg_simple_progression(writer.encoder());
  return writer.Write(image.pixels);
}

std::string EncodeCmykJpeg(int width, int height) {
  JpegWriter writer(width, height, 4, JCS_CMYK);
  return writer.Write(std::vector<uint8_t>(static_cast<size_t>(width) * height * 4, 100));
}

std::string EncodeJpegInScans(int width, int height, int scans) {
  JpegWriter writer(width, height, 1, JCS_GRAYSCALE);
  // The first scan sends the mean shades, each of the others one more frequency.
  std::vector<jpeg_scan_info> script(static_cast<size_t>(scans));
  for (int i = 0; i < scans; ++i) script[i] = {1, {0}, i, i, 0, 0};
  writer.encoder()->scan_info = script.data();
  writer.encoder()->num_scans = scans;
  return writer.Write(std::vector<uint8_t>(static_cast<size_t>(width) * height, 128));
}

std::string EncodeDamagedJpeg(int damages) {
  constexpr int kSide = 80;
  JpegWriter writer(kSide, kSide, 1, JCS_GRAYSCALE);
  writer.encoder()->restart_interval = 1;
  const std::string good = writer.Write(std::vector<uint8_t>(size_t{kSide} * kSide, 100));
  std::string bad;
  for (size_t i = 0; i < good.size(); ++i) {
    // A restart marker is FF D0 to FF D7. libjpeg looks a few bytes ahead: these are more.
    const bool restart = i + 1 < good.size() && good[i] == '\xFF' &&
                         (static_cast<unsigned char>(good[i + 1]) & 0xF8) == 0xD0;
    if (restart && damages-- > 0) bad.append(40, 'U');
    bad += good[i];
  }
  return bad;
}

RgbaImage DecodeJpegAt(const std::string& data, int eighths) {
  jpeg_decompress_struct decoder = {};
  jpeg_error_mgr errors = {};
  decoder.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&decoder);
  jpeg_mem_src(&decoder, reinterpret_cast<const unsigned char*>(data.data()), data.size());
  Check(jpeg_read_header(&decoder, TRUE) == JPEG_HEADER_OK);
  decoder.out_color_space = JCS_GRAYSCALE;
  decoder.scale_num = static_cast<unsigned>(eighths);
  decoder.scale_denom = 8;
  Check(jpeg_start_decompress(&decoder) == TRUE);
  RgbaImage image = Plain(static_cast<int>(decoder.output_width),
                          static_cast<int>(decoder.output_height), 0, 0, 0, 255);
  std::vector<uint8_t> row(decoder.output_width);
  for (int y = 0; y < image.height; ++y) {
    JSAMPROW to = row.data();
    Check(jpeg_read_scanlines(&decoder, &to, 1) == 1);
    for (int x = 0; x < image.width; ++x) SetPixel(image, x, y, row[x], row[x], row[x]);
  }
  jpeg_destroy_decompress(&decoder);
  return image;
}

std::string EncodeWebp(const RgbaImage& image, bool lossless) {
  uint8_t* bytes = nullptr;
  const int stride = image.width * 4;
  const size_t size =
      lossless
          ? WebPEncodeLosslessRGBA(image.pixels.data(), image.width, image.height, stride, &bytes)
          : WebPEncodeRGBA(image.pixels.data(), image.width, image.height, stride, 95, &bytes);
  Check(size > 0);
  std::string webp(reinterpret_cast<const char*>(bytes), size);
  WebPFree(bytes);
  return webp;
}

std::string EncodeGif(const RgbaImage& image, const GifOptions& options) {
  std::string bytes;
  int error = 0;
  GifFileType* gif = EGifOpen(
      &bytes,
      [](GifFileType* to, const GifByteType* data, int size) {
        static_cast<std::string*>(to->UserData)
            ->append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
        return size;
      },
      &error);
  Check(gif != nullptr);
  ColorMapObject* colors = GifMakeMapObject(64, nullptr);
  for (int i = 0; i < 64; ++i) {
    const auto grey = static_cast<GifByteType>(i * 255 / 63);
    colors->Colors[i] = {grey, grey, grey};
  }
  EGifSetGifVersion(gif, true);
  const int width = options.canvas_width > 0 ? options.canvas_width : image.width;
  const int height = options.canvas_height > 0 ? options.canvas_height : image.height;
  Check(EGifPutScreenDesc(gif, width, height, 6, 0, colors) == GIF_OK);
  const GraphicsControlBlock control = {
      .DisposalMode = 0, .UserInputFlag = false, .DelayTime = 0, .TransparentColor = 0};
  GifByteType extension[4];
  EGifGCBToExtension(&control, extension);
  Check(EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, sizeof extension, extension) == GIF_OK);
  Check(EGifPutImageDesc(gif, options.left, options.top, image.width, image.height,
                         options.interlaced, nullptr) == GIF_OK);
  std::vector<GifByteType> row(static_cast<size_t>(image.width));
  const auto put = [&](int first, int step) {
    for (int y = first; y < image.height; y += step) {
      for (int x = 0; x < image.width; ++x) {
        const uint8_t* pixel = &image.pixels[(static_cast<size_t>(y) * image.width + x) * 4];
        row[static_cast<size_t>(x)] = pixel[3] == 0 ? 0 : Shade(pixel);
      }
      Check(EGifPutLine(gif, row.data(), image.width) == GIF_OK);
    }
  };
  if (options.interlaced) {
    put(0, 8);
    put(4, 8);
    put(2, 4);
    put(1, 2);
  } else {
    put(0, 1);
  }
  GifFreeMapObject(colors);
  Check(EGifCloseFile(gif, &error) == GIF_OK);
  return bytes;
}

}  // namespace fovea::render
