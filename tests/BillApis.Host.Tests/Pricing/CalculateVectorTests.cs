using System.Text.Json.Nodes;
using BillApis.Tests.Vectors;

namespace BillApis.Host.Tests;

/// <summary>The numbers of the peers' own public tests, over HTTP: every price that the contract can say.</summary>
public sealed class CalculateVectorTests(HostFixture host)
{
    [Fact]
    public async Task Peers_numbers_come_back_over_http()
    {
        var calculator = new CalculatedVectors(CalculateAsync);
        var (compared, failures, all) = (0, new List<string>(), Vector.Of("charge-models"));
        foreach (var vector in all.Where(vector => CalculatedVectors.CanSay(vector) && !Reasons.All.ContainsKey(vector.Id)))
        {
            compared++;
            if (await calculator.RunAsync(vector) is { } problem)
            {
                failures.Add($"{vector.Id}: {problem}");
            }
        }

        failures.ShouldBeEmpty();
        compared.ShouldBeGreaterThan(all.Count * 2 / 3);
    }

    private async Task<Calculated> CalculateAsync(JsonObject request)
    {
        var answer = await host.Api.PostAsync("/pricing/calculate", request.ToJsonString());
        return answer.Status is 200 ? new Calculated(answer.Ok()) : new Calculated(default, answer.Fields[0]);
    }
}
