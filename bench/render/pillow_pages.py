"""Draws each line of a file onto a page as Pillow's users do, and prints the processor time in
seconds, the number of characters and the bytes of the PNGs. page_speed_bench runs this."""
import io
import sys
import time

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, PITCH, MARGIN = 1092, 1092, 9, 4


def cut_lines(text, font, width):
    """Greedy lines, cut at any character, by a table of advances."""
    advances = {c: font.getlength(c) for c in set(text)}
    lines, begin, used = [], 0, 0.0
    for at, character in enumerate(text):
        used += advances[character]
        if used > width:
            lines.append(text[begin:at])
            begin, used = at, advances[character]
    lines.append(text[begin:])
    return lines


def main():
    texts = open(sys.argv[1], encoding="ascii").read().splitlines()
    font = ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 8)
    characters = size = 0
    start = time.process_time()
    for text in texts:
        page = Image.new("L", (WIDTH, HEIGHT), 255)
        draw = ImageDraw.Draw(page)
        for number, line in enumerate(cut_lines(text, font, WIDTH - 2 * MARGIN)):
            draw.text((MARGIN, MARGIN + number * PITCH), line, font=font, fill=0)
        png = io.BytesIO()
        page.save(png, "PNG")
        characters += len(text)
        size += len(png.getvalue())
    print(time.process_time() - start, characters, size)


main()
