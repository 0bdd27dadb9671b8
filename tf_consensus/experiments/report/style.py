"""The style of the page: light, dark, on a phone and printed."""

# Okabe and Ito's colours, darker on white and lighter on black, so that lines have contrast.
_LIGHT = """
  --page: #ffffff; --card: #f6f7f9; --text: #1b1f24; --soft: #57606a; --line: #d5dae0;
  --accent: #0a5fa8; --on-accent: #ffffff; --warn: #fff4d6; --warn-line: #8a5200;
  --bad: #ffe9e6; --bad-line: #b3261e; --good: #1a6e3c;
  --c0: #0072b2; --c1: #c8500a; --c2: #00795a; --c3: #b0508a; --c4: #a06a00; --c5: #2b8fc4;
  --c6: #1b1f24;"""
_DARK = """
  --page: #14171b; --card: #1d2127; --text: #e6e9ed; --soft: #a3acb7; --line: #3a424c;
  --accent: #6cb8f5; --on-accent: #10151a; --warn: #352a10; --warn-line: #e0a43a;
  --bad: #3a1c1a; --bad-line: #f28b82; --good: #7ad19b;
  --c0: #5eb3ec; --c1: #f58a4b; --c2: #3fc49a; --c3: #e39ac6; --c4: #e6b23c; --c5: #9ad4f5;
  --c6: #e6e9ed;"""

# Dashes tell curves of one colour apart.
_DASHES = {1: "7 4", 2: "2 4", 3: "9 3 2 3"}

STYLE = (
    ":root {color-scheme: light dark;"
    + _LIGHT
    + "}\n@media (prefers-color-scheme: dark) {:root {"
    + _DARK
    + "}}\n"
    + """
* {box-sizing: border-box;}
body {margin: 0 auto; max-width: 76rem; padding: 1.5rem 1.25rem 3rem; background: var(--page);
  color: var(--text); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  overflow-wrap: anywhere;}
h1 {font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem;}
h2 {font-size: 1.2rem; margin: 2.25rem 0 .75rem; padding-top: .5rem;
  border-top: 1px solid var(--line);}
h3 {font-size: 1rem; margin: 1rem 0 .4rem;}
p {margin: .4rem 0; max-width: 48rem;}
.note, .at {color: var(--soft); font-size: .875rem;}
.at {white-space: nowrap;}
:focus-visible {outline: 3px solid var(--accent); outline-offset: 2px;}
img {max-width: 100%; height: auto;}
figure {margin: 0; min-width: 0;}

.states {list-style: none; margin: 0; padding: 0; display: grid; gap: .35rem;}
.badge {display: inline-block; padding: 0 .6em; border-radius: 1em; font-size: .85rem;
  font-weight: 600; border: 1.5px solid currentColor; margin-right: .3em;}
.badge.finished {color: var(--good);}
.badge.running {color: var(--accent);}
.badge.diverged {color: var(--bad-line);}
.badge.unfinished {color: var(--warn-line);}
progress {display: block; width: min(100%, 30rem); height: .5rem; margin: .5rem 0 .25rem;
  accent-color: var(--accent);}

.warnings {background: var(--warn); border-left: 5px solid var(--warn-line); border-radius: 6px;
  padding: .75rem 1rem; margin: 1.25rem 0;}
.warnings h2 {border: 0; margin: 0; padding: 0; font-size: 1.05rem;}
.warnings ul {margin: .4rem 0 0; padding-left: 1.2rem;}
.warnings li {max-width: 56rem; margin: .25rem 0;}
.damage {background: var(--bad); border-left: 5px solid var(--bad-line); border-radius: 6px;
  padding: .5rem .9rem; margin: .75rem 0; max-width: none;}

button {font: inherit; font-weight: 600; padding: .3rem .9rem; border-radius: 6px; border: 0;
  background: var(--accent); color: var(--on-accent); cursor: pointer; min-width: 5.2em;}
.slider {display: none; gap: .75rem; align-items: center; position: sticky; top: 0; z-index: 1;
  background: var(--page); padding: .5rem 0;}
.js .slider {display: flex;}
.slider, .stack {max-width: 36rem;}
.several .slider {max-width: 60rem;}
.slider input {flex: 1; min-width: 4rem; accent-color: var(--accent);}
.slider output {min-width: 4em; font-variant-numeric: tabular-nums;}
@media (min-width: 64rem) {
  .beside {display: grid; grid-template-columns: 35fr 37fr; gap: 2.5rem; align-items: start;}
  .beside > section {min-width: 0;}
  .beside:has(.wide) {display: block;}
}
.stacks {display: grid; gap: 1.25rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr));}
.stack {min-width: 0;}
.pairs + figure {margin-top: 1rem;}
.stack h3 {margin-top: 0;}
.stack .picture, .stacks figure .picture {width: 100%; max-width: 36rem; display: block;
  border-radius: 4px;}
.stack:has(.wide), .stacks figure:has(.wide) {max-width: none; grid-column: 1 / -1;}
.stack .wide, .stacks figure .wide {max-width: none;}
.pixels {image-rendering: pixelated;}
.frame {display: none;}
.frame.key {display: block; margin-bottom: 1rem;}
.js .frame {display: none; margin: 0;}
.js .frame.shown {display: block;}
.frame p, figcaption {color: var(--soft); font-size: .875rem; margin: .3rem 0;}

.charts {display: grid; gap: 1.25rem; margin-top: .75rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr));}
.chart strong {display: inline-block;}
.chart {display: flex; flex-direction: column;
  background: var(--card); border-radius: 8px; padding: .75rem;}
.chart > svg {display: block; margin-top: auto; width: 100%; height: auto; touch-action: pan-y;}
.chart figcaption {margin: 0 0 .4rem;}
.chart figcaption strong {color: var(--text);}
.chart strong::first-letter {text-transform: uppercase;}
.readout {display: block; min-height: 1.5em; font-variant-numeric: tabular-nums;}
.curve {fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round;}
.axes path {stroke: currentColor; fill: none; opacity: .6;}
.axes .grid {opacity: .13;}
.axes text {fill: currentColor; font-size: 12px; opacity: .85;}
.cursor {stroke: currentColor; opacity: .5; stroke-dasharray: 3 3; fill: none;}
.legend {list-style: none; display: flex; flex-wrap: wrap; gap: .15rem 1rem; margin: .2rem 0;
  padding: 0; color: var(--text); font-size: .875rem;}
.legend svg {width: 24px; height: 8px; margin-right: .4em; vertical-align: middle;}
.curves > input {position: absolute; opacity: 0;}
.curves > label {display: inline-block; padding: .25rem .9rem; border: 1px solid var(--line);
  border-radius: 6px; cursor: pointer; margin-right: .25rem;}
.curves > input:checked + label {background: var(--accent); color: var(--on-accent);
  border-color: var(--accent); font-weight: 600;}
.curves > input:focus-visible + label {outline: 3px solid var(--accent); outline-offset: 2px;}
.shared {position: sticky; top: 0; background: var(--page); padding: .4rem 0; z-index: 1;}
.shared:empty {display: none;}
#along-step:checked ~ .charts .along-seconds, #along-epoch:checked ~ .charts .along-seconds,
#along-seconds:checked ~ .charts .along-step,
#along-seconds:checked ~ .charts .along-epoch {display: none;}

.scroll {overflow-x: auto; max-width: 100%;}
table {border-collapse: separate; border-spacing: 0; font-size: .925rem;
  font-variant-numeric: tabular-nums; overflow-wrap: normal;}
th, td {text-align: left; padding: .35rem 1.1rem .35rem .35rem; vertical-align: top;
  border-bottom: 1px solid var(--line); max-width: 22rem; min-width: 4rem;
  overflow-wrap: break-word;}
thead th {color: var(--soft); font-weight: 600; font-size: .85rem;}
tbody th {font-weight: 500; position: sticky; left: 0; background: var(--page);}
.differs, .differs th {background: var(--warn);}
.differs th {box-shadow: inset 4px 0 var(--warn-line); padding-left: .8rem;}
.mark {font-size: .75rem; color: var(--warn-line); font-weight: 700;}
.pairs {margin: .5rem 0; columns: 19rem 3; column-gap: 2rem; font-size: .925rem;}
.pairs div {display: flex; gap: 1rem; justify-content: space-between; break-inside: avoid;
  border-bottom: 1px solid var(--line); padding: .25rem 0;}
.pairs dt {color: var(--soft); min-width: 35%;}
.pairs dd {margin: 0; text-align: right; min-width: 0; font-variant-numeric: tabular-nums;}
td {white-space: nowrap;}
.settings td {white-space: normal;}
summary {cursor: pointer; margin: .75rem 0 .25rem;}
.command {display: flex; gap: .75rem; align-items: flex-start;}
pre {background: var(--card); border-radius: 6px; padding: .6rem .8rem; margin: 0 0 .5rem;
  flex: 1; min-width: 0; white-space: pre-wrap; font-size: .875rem;}
.command button {display: none;}
.js .command button {display: block;}
.whole {display: inline-block; max-width: 100%;}
@media (max-width: 30rem) {
  body {padding: 1rem .9rem 2rem;}
  .command {flex-direction: column;}
  .command pre {width: 100%;}
  th, td {padding-right: .8rem;}
  td {white-space: normal;}
}
@media print {
  :root {color-scheme: light;"""
    + _LIGHT
    + """}
  body {font-size: 11pt; max-width: none; padding: 0; print-color-adjust: exact;
    -webkit-print-color-adjust: exact;}
  .js .slider, .js .command button, .curves > input, .curves > label, #age {display: none;}
  .slider, .shared {position: static;}
  .beside {display: block;}
  .stack {max-width: none; display: grid; grid-template-columns: repeat(4, 1fr); gap: .5rem;}
  .stack h3, .stack .note, .stack .damage {grid-column: 1 / -1;}
  .stacks {grid-template-columns: 1fr;}
  .frame, .js .frame, .js .frame.shown {display: none;}
  .frame.printed, .js .frame.printed {display: block; margin: 0;}
  .charts {grid-template-columns: 1fr 1fr;}
  .chart, figure, .frame, tr, .warnings {break-inside: avoid;}
  h2, h3 {break-after: avoid;}
  .scroll {overflow: visible;}
  tbody th {position: static;}
  td {white-space: normal;}
  .settings td {overflow-wrap: anywhere;}
}
"""
    + "".join(
        f".c{i} {{stroke: var(--c{i});}} .dots.c{i} {{fill: var(--c{i}); stroke: none;}}\n"
        for i in range(7)
    )
    + "".join(f".curve.d{i} {{stroke-dasharray: {dash};}}\n" for i, dash in _DASHES.items())
)
