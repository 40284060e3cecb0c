"""The page's style: plain, in the reader's own fonts, for a phone, a desk and a printer, light and dark."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--ink:#1d232a;--soft:#56616e;--line:#d5dbe1;--paper:#fff;
--card:#f6f8fa;--bar:#1f6f8b;--track:#e3e9ee;--mark:#e08600}
@media (prefers-color-scheme:dark){:root{--ink:#e8ecf0;--soft:#a5b0bb;--line:#3a444e;--paper:#14181c;--card:#1d2329;--bar:#58a9c4;
--track:#303942;--mark:#ffb74d}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:68rem;margin:0 auto;padding:1rem 1.25rem 4rem}
h1{font-size:1.6rem;line-height:1.25;margin:1rem 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2.5rem 0 .25rem;padding-top:.75rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:0;overflow-wrap:anywhere}
p{margin:.25rem 0 .75rem;max-width:46rem}
a{color:inherit}
.soft,.note,figcaption,.question{color:var(--soft)}
.note{font-size:.875rem}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:1rem;background:var(--paper);padding:.5rem}
dl.about{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.15rem 1rem;margin:1rem 0}
dl.about dt{color:var(--soft)}
dl.about dd{margin:0;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(10.5rem,1fr));gap:.75rem;margin:1rem 0;padding:0;list-style:none}
.tiles li,.cards article{background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.75rem}
.tiles strong{display:block;font-size:1.35rem;line-height:1.3;font-variant-numeric:tabular-nums}
.tiles span{display:block;font-size:.875rem;color:var(--soft)}
.gauge{display:block;width:100%;height:6px;margin-top:.5rem}
table{width:100%;border-collapse:collapse;margin:.5rem 0 1rem;font-size:.9375rem}
caption{text-align:left;color:var(--soft);padding-bottom:.25rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
thead th{color:var(--soft);font-weight:500}
tbody th{font-weight:500}
td.value{font-variant-numeric:tabular-nums;white-space:nowrap;font-weight:600}
details{margin:.5rem 0 1rem}
summary{cursor:pointer;padding:.4rem 0}
summary:focus-visible,a:focus-visible{outline:3px solid var(--bar);outline-offset:2px}
ul.missing{margin:.25rem 0 1rem;padding-left:1.25rem}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:1rem 2rem}
figure{margin:.5rem 0}
figcaption{font-size:.9375rem;margin-bottom:.25rem}
svg{display:block;width:100%;height:auto;max-width:36rem}
svg text{fill:var(--ink);font:11.5px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.bar{fill:var(--bar)}.track{fill:var(--track)}
.axis{stroke:var(--line);fill:none}.whisker{stroke:var(--ink);fill:none;stroke-width:1.2}.mark{stroke:var(--mark);stroke-width:2.5;fill:none}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));gap:1rem;margin:1rem 0}
.cards dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:0 .75rem;margin:.25rem 0 .5rem;font-size:.875rem}
.cards dt{color:var(--soft);max-width:9rem}.cards dd{margin:0;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
code{font-size:.875em;overflow-wrap:anywhere}
@media (min-width:40.01rem){table.values{table-layout:fixed}.values th:nth-child(1){width:33%}.values th:nth-child(2){width:7.5rem}
.values th:nth-child(3){width:20%}.values th:nth-child(4){width:17%}}
@media (max-width:40rem){
main{padding:.5rem 1rem 3rem}
dl.about{grid-template-columns:minmax(0,1fr)}dl.about dd{margin-bottom:.4rem}
.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}
thead{position:absolute;left:-99rem}
table,tbody,tr,th,td,caption{display:block}
tr{padding:.5rem 0;border-bottom:1px solid var(--line)}
th,td{border:0;padding:.05rem 0}
td.value{font-size:1.1rem}
td[data-name]:not(.value)::before{content:attr(data-name) ": ";color:var(--soft)}
td:empty{display:none}
}
@media print{body{font-size:11pt}main{max-width:none}article,tr,figure{break-inside:avoid}}
"""
