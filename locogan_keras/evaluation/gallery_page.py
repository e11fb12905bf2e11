"""The page that shows a gallery: plain HTML next to its pictures, without scripts."""

import html

_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fff; }
figure { margin: 2.5rem 0; }
figure img { max-width: 100%; height: auto; }
h2 { font-size: 1.2rem; margin: 0 0 .5rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f3f3f3; padding: .5rem; }
dl { display: grid; grid-template-columns: max-content auto; gap: 0 1rem; }
dd { margin: 0; }
"""


def page(title, facts, figures):
    """A gallery's `index.html`.

    Args:
        title: Of the page.
        facts: A dict of what is known of the model, to be listed.
        figures: (name, title, caption, command, (height, width)) of each; its picture is
            `NAME.png`, beside the page.

    Returns:
        The text.
    """
    listed = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(str(value))}</dd>\n"
        for name, value in facts.items()
    )
    shown = "".join(_figure(*figure) for figure in figures)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{html.escape(title)}</h1>\n<dl>\n{listed}</dl>\n{shown}</body>\n</html>\n"
    )


def _figure(name, title, caption, command, size):
    title, caption, command = (html.escape(text) for text in (title, caption, command))
    return (
        f'<figure id="{name}">\n<h2>{title}</h2>\n'
        f'<img src="{name}.png" alt="{title}" width="{size[1]}" height="{size[0]}">\n'
        f"<figcaption>{caption}\n<pre>{command}</pre></figcaption>\n</figure>\n"
    )
