using System.Globalization;
using BillApis.Invoicing;
using BillApis.Ledger;
using Spectre.Console;

namespace BillApis.Quickstart;

/// <summary>Shows what happened.</summary>
internal static class Screen
{
    private const int Width = 120;
    private const int BatchSize = 1_000;

    /// <summary>Makes room for tables where the output is a file.</summary>
    public static void Open()
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = Width;
            AnsiConsole.Profile.Capabilities.Ansi = false;
            AnsiConsole.Profile.Capabilities.ColorSystem = ColorSystem.NoColors;
        }
    }

    public static void Refuse(string message) => Console.WriteLine(message);

    public static void ShowProblem(UsageRow row)
    {
        if (row.Problem is not null)
        {
            Refuse($"line {row.Line}: {row.Problem}");
        }
    }

    /// <summary>Hands out the rows in batches while a bar shows how far it has come; then says what was refused.</summary>
    public static async Task MeterAsync(IReadOnlyList<UsageRow> rows, Func<UsageRow[], Task<IEnumerable<UsageRow>>> meter)
    {
        var refused = new List<UsageRow>();
        await AnsiConsole.Progress().StartAsync(async context =>
        {
            var bar = context.AddTask("Metering", maxValue: rows.Count);
            foreach (var batch in rows.Chunk(BatchSize))
            {
                refused.AddRange(await meter(batch));
                bar.Increment(batch.Length);
            }
        });
        refused.ForEach(ShowProblem);
        Console.WriteLine($"{rows.Count - refused.Count} rows metered");
    }

    public static void Show(Invoice invoice, IReadOnlyDictionary<PriceId, string> models)
    {
        var table = new Table { Title = new TableTitle($"Invoice {invoice.DisplayNumber}, {invoice.Period!.Value.Start:uuuu-MM-dd} to {invoice.Period.Value.End:uuuu-MM-dd}") }
            .AddColumns("Line", "Model").AddColumns(Right("Quantity"), Right("Unit price"), Right("Flat"), Right("Amount"));
        foreach (var line in invoice.Lines)
        {
            table.AddRow(line.Description, models[line.Price!.Value], Number(line.Quantity), "", "", line.Amount.ToString());
            foreach (var tier in line.Tiers)
            {
                table.AddRow($"  above {Number(tier.From)}{(tier.To is { } to ? $" to {Number(to)}" : "")}", "", Number(tier.Quantity), Number(tier.UnitAmount), Number(tier.FlatAmount), Exact.Format(tier.Amount));
            }
        }

        AnsiConsole.Write(table.AddEmptyRow().AddRow("Total", "", "", "", "", invoice.Total.ToString()));
    }

    public static void Show(TrialBalance balance)
    {
        var table = new Table { Title = new TableTitle("Trial balance") }.AddColumn("Account").AddColumns(Right("Debits"), Right("Credits"));
        foreach (var line in balance.Lines)
        {
            table.AddRow(line.Account.Code, Amount(line.Debits), Amount(line.Credits));
        }

        foreach (var (asset, debits, credits) in balance.Totals)
        {
            table.AddEmptyRow().AddRow($"Total {asset}", Amount(debits), Amount(credits));
        }

        AnsiConsole.Write(table);
    }

    private static TableColumn Right(string name) => new TableColumn(name).RightAligned();

    private static string Number(decimal value) => value.ToString("#,0.############", CultureInfo.InvariantCulture);

    private static string Amount(long minorUnits) => Money.FromMinorUnits(minorUnits, Offer.Currency).ToString();
}
