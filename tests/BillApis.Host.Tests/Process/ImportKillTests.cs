using System.Net.Http.Headers;
using System.Text;
using Microsoft.Data.Sqlite;

namespace BillApis.Host.Tests;

/// <summary>The host is killed in the middle of an import, again and again, and counts exactly in the end.</summary>
public sealed class ImportKillTests : IDisposable
{
    private const int Rows = 120_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("billapis-import-").FullName;

    [Fact]
    public async Task An_import_that_was_answered_goes_on_after_kills_and_counts_every_row_once()
    {
        var (import, kills, rows, token) = ("", 0, 0L, "");
        while (rows < Rows)
        {
            await using var host = await HostProcess.StartAsync(_folder, "--Billing:Admin:Password=a known password");
            token = token.Length == 0 ? await host.TokenAsync("admin@localhost", "a known password") : token;
            var api = host.Api(token);
            if (import.Length == 0)
            {
                (await api.PostAsync("/customers", new { name = "Acme", currency = "USD", external_id = "acme" })).Ok(201);
                (await api.PostAsync("/metrics", new { code = "tokens", name = "Tokens", event_type = "call", aggregation = "sum", property = "tokens" })).Ok(201);
                import = Seed.Id((await api.SendAsync(HttpMethod.Post, "/usage/imports?type=call&customer_id=acme", File())).Ok(202));
            }

            var (before, goal) = (rows, kills < 2 ? Rows / 4 : Rows);
            await Eventually.TrueAsync(async () =>
            {
                var progress = (await api.GetAsync($"/usage/imports/{import}")).Ok();
                rows = progress.GetProperty("rows").GetInt64();
                return rows >= before + goal || progress.GetProperty("status").GetString() is "completed";
            });
            if (rows < Rows)
            {
                kills++;
                await host.KillAsync();
            }
            else
            {
                await Eventually.TrueAsync(async () => (await api.GetAsync($"/usage/imports/{import}")).Ok().GetProperty("status").GetString() is "completed");
                var done = (await api.GetAsync($"/usage/imports/{import}")).Ok();
                (done.GetProperty("rows").GetInt64(), done.GetProperty("accepted").GetInt64(), done.GetProperty("duplicates").GetInt64(), done.GetProperty("rejected").GetInt64()).ShouldBe((Rows, Rows - 24, 12, 12));
                (await api.GetAsync("/usage/summary?customer_id=acme&metric_id=tokens&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z")).Ok()[0].GetProperty("value").GetInt64().ShouldBe(Rows - 24);
            }
        }

        kills.ShouldBeGreaterThan(0);
    }

    // Of every 10,000 rows one repeats the row before it and one cannot be read; half have no id of their own.
    private static ByteArrayContent File()
    {
        var text = new StringBuilder("id,timestamp,tokens\n");
        for (var i = 0; i < Rows; i++)
        {
            var id = (i % 10_000) switch { 4_001 => $"e{i - 1}", 4_000 => $"e{i}", _ => i % 2 == 0 ? $"e{i}" : "" };
            text.Append(id).Append(i % 10_000 == 7_000 ? ",noon,1\n" : ",2026-01-01T00:00:00Z,1\n");
        }

        return new ByteArrayContent(Encoding.UTF8.GetBytes(text.ToString())) { Headers = { ContentType = new MediaTypeHeaderValue("text/csv") } };
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }
}
