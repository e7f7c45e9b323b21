using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace BillApis.AspNetCore;

/// <summary>What the caller's idempotency key stands for, for ids that follow from it: the same each time the request is sent, also after a crash.</summary>
/// <param name="Value">Null where the request has no key.</param>
internal sealed record RequestKey(Guid? Value)
{
    private static readonly RequestKey None = new((Guid?)null);

    public static ValueTask<RequestKey?> BindAsync(HttpContext context, ParameterInfo parameter) => ValueTask.FromResult<RequestKey?>(context.Features.Get<RequestKey>() ?? None);
}
