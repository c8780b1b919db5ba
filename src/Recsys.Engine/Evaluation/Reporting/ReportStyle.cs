namespace Recsys.Engine.Evaluation.Reporting;

/// <summary>The report's style sheet. No markup characters, so that it stands in HTML and XML alike.</summary>
internal static class ReportStyle
{
    public const string Css = """

        :root {
          color-scheme: light dark;
          --page: #f6f7f9; --surface: #ffffff; --ink: #1b2330; --soft: #5b6675; --rule: #dde2e9; --grid: #e9ecf1;
          --c0: #2a66b1; --c1: #c9631c; --c2: #2f8a6b; --c3: #8557a6; --c4: #b13a56; --c5: #64707f;
          --neutral: #aab3bf;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #12161c; --surface: #1a2028; --ink: #e4e8ee; --soft: #98a3b1; --rule: #303945; --grid: #28303a;
            --c0: #6ea8ec; --c1: #ec9556; --c2: #5fc09c; --c3: #bb93dc; --c4: #e87f97; --c5: #a5b0be;
            --neutral: #5d6876;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0; background: var(--page); color: var(--ink); line-height: 1.5; font-size: 15px;
          font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif;
        }
        main, header { max-width: 1120px; margin: 0 auto; padding: 0 24px; }
        header { padding-top: 36px; }
        h1 { font-size: 27px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; text-wrap: balance; }
        h2 { font-size: 18px; margin: 44px 0 14px; }
        h3 { font-size: 15px; margin: 0; }
        p { margin: 0 0 10px; }
        .lead, .note { color: var(--soft); }
        .note { font-size: 13.5px; max-width: 75ch; }
        .facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 1px; margin: 22px 0 0; padding: 0;
          background: var(--surface); border: 1px solid var(--rule); border-radius: 8px; overflow: hidden; }
        .facts div { box-shadow: 0 0 0 1px var(--rule); padding: 12px 16px; }
        .facts dt { color: var(--soft); font-size: 12.5px; }
        .facts dd { margin: 0; font-size: 19px; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
        .card { background: var(--surface); border: 1px solid var(--rule); border-radius: 8px; padding: 16px 18px; }
        .scroll { overflow-x: auto; }
        .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 460px), 1fr)); gap: 18px; align-items: start; }
        figure { margin: 0; }
        figcaption { margin-bottom: 8px; }
        figcaption p { margin: 2px 0 0; color: var(--soft); font-size: 13px; }
        table { border-collapse: collapse; width: 100%; font-size: 14px; }
        caption { text-align: left; color: var(--soft); font-size: 13px; padding-bottom: 8px; }
        th, td { padding: 7px 12px; text-align: right; border-top: 1px solid var(--rule); white-space: nowrap; font-variant-numeric: tabular-nums; }
        th:first-child, td:first-child { text-align: left; padding-left: 0; }
        th:last-child, td:last-child { padding-right: 0; }
        thead th, thead td { border-top: 0; color: var(--soft); font-weight: 600; vertical-align: bottom; }
        tbody th { font-weight: 500; }
        .what { display: block; white-space: normal; color: var(--soft); font-weight: 400; font-size: 12.5px; }
        .ci { display: block; color: var(--soft); font-size: 12.5px; }
        .best { font-weight: 700; }
        .single th:first-child { width: 60%; }
        .single .ci { display: inline; font-size: inherit; }
        main > details { font-size: inherit; }
        main > details > .charts { margin-top: 12px; }
        details { margin-top: 10px; font-size: 13px; }
        summary { cursor: pointer; color: var(--soft); }
        details table { margin-top: 8px; font-size: 13px; }
        details th, details td { padding: 4px 10px; }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 6px; padding: 0; font-size: 13px; }
        .legend li { display: flex; align-items: center; gap: 7px; }
        .legend svg { width: 20px; height: 12px; flex: none; }
        svg { display: block; width: 100%; height: auto; font-family: inherit; }
        .tick, .axis-title, .value { font-size: 12px; fill: var(--soft); font-variant-numeric: tabular-nums; }
        .value { font-size: 11.5px; fill: var(--ink); }
        .middle { text-anchor: middle; }
        .end { text-anchor: end; }
        line.grid { stroke: var(--grid); stroke-width: 1; }
        line.axis { stroke: var(--soft); stroke-width: 1; }
        .line { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
        .mark { fill: var(--c); stroke: var(--surface); stroke-width: 1.2; }
        .bar { fill: var(--c); }
        .beyond .bar { opacity: 0.45; }
        .error { stroke: var(--ink); stroke-width: 1.2; opacity: 0.75; }
        .s0, .positive { --c: var(--c0); } .s1, .negative { --c: var(--c1); } .s2 { --c: var(--c2); }
        .s3 { --c: var(--c3); } .s4 { --c: var(--c4); } .s5 { --c: var(--c5); }
        .neutral { --c: var(--neutral); } .none { --c: transparent; }
        footer { margin: 48px 0 40px; padding-top: 14px; border-top: 1px solid var(--rule); }
        @media print { body { background: #ffffff; } figure, table { break-inside: avoid; } }

        """;
}
