using BillApis.AspNetCore;
using Microsoft.AspNetCore.Mvc;

namespace BillApis.Host.Tests.Metering;

/// <summary>A controller with a meter, and an action with one of its own.</summary>
[ApiController]
[Route("metered")]
[Metered("controller")]
public sealed class MeteredController : ControllerBase
{
    [HttpGet("class")]
    public string Class() => Request.Path;

    [HttpGet("action")]
    [Metered("action")]
    public string Action() => Request.Path;
}
