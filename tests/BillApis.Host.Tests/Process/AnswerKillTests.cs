using Microsoft.Data.Sqlite;

namespace BillApis.Host.Tests;

/// <summary>The host is killed between what a request does and its answer: the repeat gets the one answer, and nothing is done twice.</summary>
public sealed class AnswerKillTests : IDisposable
{
    private const string Password = "a known password";
    private readonly string _folder = Directory.CreateTempSubdirectory("billapis-answer-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_while_the_answer_is_being_stored_the_payment_is_made_once_by_the_repeat()
    {
        var database = await PostgresServer.NewDatabaseAsync();
        string[] settings = [$"--Billing:Admin:Password={Password}", "--Billing:Storage=postgres", $"--Billing:ConnectionString={database}"];
        var (token, invoice) = ("", "");
        await using (var host = await HostProcess.StartAsync(_folder, settings))
        {
            token = await host.TokenAsync("admin@localhost", Password);
            invoice = await InvoiceAsync(host.Api(token));

            // The answer's row waits for a lock that this test holds: whatever the request did before that is done by now.
            await using var held = await HeldWrite.StartAsync(database, "before update on billing_stored_answer for each row when (new.body like '%amount_paid%')");
            var lost = PayAsync(host.Api(token), invoice);
            await held.ReachedAsync();
            await host.KillAsync();
            await Should.ThrowAsync<HttpRequestException>(() => lost);
            await held.DropAsync();
        }

        await using var again = await HostProcess.StartAsync(_folder, settings);
        var (first, second) = (await PayAsync(again.Api(token), invoice), await PayAsync(again.Api(token), invoice));
        first.Ok(201).GetProperty("amount_paid").GetDecimal().ShouldBe(30);
        second.Envelope.GetRawText().ShouldBe(first.Envelope.GetRawText());
        second.Headers.Contains("Idempotent-Replayed").ShouldBeTrue();
        (await again.Api(token).GetAsync($"/invoicing/invoices/{invoice}")).Ok().GetProperty("amount_paid").GetDecimal().ShouldBe(30);
    }

    [Fact]
    public async Task Killed_at_any_moment_every_key_has_one_effect_and_keeps_its_answer()
    {
        const int kills = 4, keys = 400;
        var (token, answered, lost) = ("", new Dictionary<int, string>(), 0);
        for (var round = 0; answered.Count < keys; round++)
        {
            await using var host = await HostProcess.StartAsync(_folder, $"--Billing:Admin:Password={Password}");
            token = token.Length == 0 ? await host.TokenAsync("admin@localhost", Password) : token;
            var (api, goal) = (host.Api(token), round < kills ? answered.Count + (keys / (kills + 2)) : keys);
            var open = new Queue<int>(Enumerable.Range(0, keys).Where(key => !answered.ContainsKey(key)));
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
            {
                while (Next(open) is { } key)
                {
                    try
                    {
                        var answer = await CreateAsync(api, key);
                        answer.Status.ShouldBe(201, answer.Envelope.GetRawText());
                        var isEnough = false;
                        lock (answered)
                        {
                            answered[key] = answer.Envelope.GetRawText();
                            isEnough = round < kills && answered.Count >= goal;
                        }

                        if (isEnough)
                        {
                            await host.KillAsync();
                        }
                    }
                    catch (HttpRequestException)
                    {
                        Interlocked.Increment(ref lost);
                        return;
                    }
                }
            }, Token)));
            if (answered.Count == keys)
            {
                foreach (var (key, first) in answered)
                {
                    (await CreateAsync(api, key)).Envelope.GetRawText().ShouldBe(first);
                }

                var (count, cursor) = (0, "");
                do
                {
                    var page = await api.GetAsync($"/customers?limit=500{cursor}");
                    count += page.Ok().GetArrayLength();
                    cursor = page.Envelope.GetProperty("page").GetProperty("next_cursor").GetString() is { } next ? $"&cursor={next}" : "";
                }
                while (cursor.Length > 0);
                count.ShouldBe(keys);
            }
        }

        lost.ShouldBeGreaterThan(0);
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    private static int? Next(Queue<int> open)
    {
        lock (open)
        {
            return open.TryDequeue(out var key) ? key : null;
        }
    }

    private static Task<Answer> CreateAsync(Api api, int key) => api.PostOnceAsync("/customers", new { name = $"Customer {key}", currency = "USD" }, $"key-{key}");

    private static Task<Answer> PayAsync(Api api, string invoice) => api.PostOnceAsync($"/invoicing/invoices/{invoice}/payments", new { amount = 30, reference = "bank" }, "pay-once");

    private static async Task<string> InvoiceAsync(Api api)
    {
        var customer = Seed.Id((await api.PostAsync("/customers", new { name = "Acme", currency = "USD" })).Ok(201));
        var lines = new[] { new { description = "Setup", quantity = 1, unit_amount = 100 } };
        var invoice = Seed.Id((await api.PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "USD", lines })).Ok(201));
        (await api.PostAsync($"/invoicing/invoices/{invoice}/issue")).Ok();
        return invoice;
    }
}
